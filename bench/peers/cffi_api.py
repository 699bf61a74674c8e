"""cffi in API mode: a C compiler makes the calls, and `def_extern` what C calls."""

from __future__ import annotations

import importlib.metadata
import io
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from ..calls import Call, Given
from ..compiling import NATIVE, Part, compiled, kept, native
from .base import CALLER, FILTER, Calling, How, Libraries, Peer, Seen, request
from .built import imported

NAME = "mesibo_bench_cffi"


def _part() -> Part:
    """cffi writes the C file."""
    import cffi
    from cffi.recompiler import make_c_source

    ffi = cffi.FFI()
    for name in ("params.h", "calls.h"):
        ffi.cdef((NATIVE / "cffi" / name).read_text())
    written = io.StringIO()
    make_c_source(ffi, NAME, '#include "cffi/calls.c"', written)
    return Part(
        f"{NAME}.so",
        (kept(f"{NAME}.c", written.getvalue()),),
        native("cffi/calls.c"),
        version=importlib.metadata.version("cffi"),
    )


@cache
def _built() -> Any:
    return imported(_part())


class Texts:
    """Params from Python's values. cffi owns the strings as long as something refers to them."""

    def __init__(self, ffi: Any) -> None:
        self.new = ffi.new

    def params(self, to: str | None, from_: str | None, id: int) -> tuple[Any, ...]:
        """The params, and what they refer to."""
        params = self.new("mesibo_message_params_t *")
        params.id = id
        kept = []
        if to is not None:
            params.to = text = self.new("char[]", to.encode())
            kept.append(text)
        if from_ is not None:
            setattr(params, "from", text := self.new("char[]", from_.encode()))
            kept.append(text)
        return params, *kept


class CffiApi(Peer):
    """The GIL is released in every call: cffi has no other way."""

    name = "cffi API"
    requires: ClassVar[str | None] = "cffi"

    @classmethod
    def compile(cls) -> None:
        """What cffi wrote."""
        compiled(_part())

    def __init__(self, libraries: Libraries) -> None:
        super().__init__(libraries)
        built = _built()
        self.ffi, self.lib = built.ffi, built.lib
        self.params = Texts(self.ffi).params
        self.module = self._open(libraries.filter, FILTER, self.ffi.NULL)

    def _open(self, library: Path, entry: str, send: Any) -> Any:
        module = self.lib.open_module(str(library).encode(), entry.encode(), send)
        assert module != self.ffi.NULL, f"{library} is not loaded"
        self.opened.callback(self.lib.close_module, module)
        return module

    def held(self, given: Given) -> Call:
        """A function of the library that was compiled."""
        params, *kept = self.params(given.to, given.from_, given.id)
        names = {
            "call": self.lib.call_on_message,
            "mod": self.module,
            "params": params,
            "payload": given.payload,
            "size": len(given.payload),
            "kept": kept,
        }
        return Call("call(mod, params, payload, size)", names)

    def released(self, given: Given) -> Call:
        """The same."""
        return self.held(given)

    def fields(self, given: Given) -> Call:
        """A function in Python makes the struct and calls."""
        call, mod, make = self.lib.call_on_message, self.module, self.params

        def on_fields(payload: bytes, *, to: str | None, from_: str | None, id: int) -> Any:
            made = make(to, from_, id)
            return call(mod, made[0], payload, len(payload))

        names = {
            "on_fields": on_fields,
            "payload": given.payload,
            "to": given.to,
            "from_": given.from_,
            "id_": given.id,
        }
        return Call("on_fields(payload, to=to, from_=from_, id=id_)", names)

    def upcalls(self, how: How, seen: Seen | None) -> Calling:
        """`def_extern`: what it defines last is what all modules call."""
        unpack = self.ffi.unpack

        def send_upcall(_mod: Any, _params: Any, message: Any, size: int) -> int:
            payload = unpack(message, size)
            if seen is not None:
                seen.append(payload)
            return 0

        define = self.ffi.def_extern(name="send_upcall")
        module = self._open(self.libraries.caller, CALLER, self.lib.send_upcall)
        call, make, payload = self.lib.call_on_message, self.params, request(how)

        def run(count: int) -> object:
            define(send_upcall)
            made = make("bob", "alice", count)
            return call(module, made[0], payload, len(payload))

        return run
