"""cffi in ABI mode: no compiler; Python opens the library and fills in the struct."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ..calls import Call, Given
from ..compiling import NATIVE
from .base import CALLER, FILTER, Calling, How, Libraries, Peer, Seen, request
from .cffi_api import Texts

SIGNATURE = 0xAA55773388FF1100  # as in the header
VERSION = 1


class CffiAbi(Peer):
    """Calls through the pointer in the struct; `ffi.callback` for what C calls."""

    name = "cffi ABI"
    requires: ClassVar[str | None] = "cffi"

    def __init__(self, libraries: Libraries) -> None:
        super().__init__(libraries)
        import cffi

        self.ffi: Any = cffi.FFI()
        for name in ("params.h", "module.h"):
            self.ffi.cdef((NATIVE / "cffi" / name).read_text())
        self.ffi.cdef("int mesibo_module_filter_init(mesibo_module_t *, mesibo_uint_t);")
        self.ffi.cdef("int mesibo_module_caller_init(mesibo_module_t *, mesibo_uint_t);")
        self.params = Texts(self.ffi).params
        self.send_type = (
            "int(mesibo_module_t *, mesibo_message_params_t *, const char *, mesibo_uint_t)"
        )
        self.module = self._open(libraries.filter, FILTER, self._callback(lambda *_: 0))

    def _callback(self, function: Any) -> Any:
        return self.ffi.callback(self.send_type, function)

    def _open(self, library: Path, entry: str, send: Any) -> Any:
        loaded = self.ffi.dlopen(str(library))
        module = self.ffi.new("mesibo_module_t *")
        module.version, module.signature = VERSION, SIGNATURE
        module.send_message = send
        failed = getattr(loaded, entry)(module, self.ffi.sizeof("mesibo_module_t"))
        assert not failed, f"{library} is not loaded"
        # The last reference to each is the callback's, which runs first what was opened last.
        self.opened.callback(lambda kept: kept[0].cleanup(kept[0]), (module, loaded, send))
        return module

    def held(self, given: Given) -> Call:
        """The pointer in the struct."""
        params, *kept = self.params(given.to, given.from_, given.id)
        names = {
            "on_message": self.module.on_message,
            "mod": self.module,
            "params": params,
            "payload": given.payload,
            "size": len(given.payload),
            "kept": kept,
        }
        return Call("on_message(mod, params, payload, size)", names)

    def released(self, given: Given) -> Call:
        """The same."""
        return self.held(given)

    def fields(self, given: Given) -> Call:
        """A function in Python makes the struct and calls."""
        call, mod, make = self.module.on_message, self.module, self.params

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
        """libffi's closure."""
        unpack = self.ffi.unpack

        def send(_mod: Any, _params: Any, message: Any, size: int) -> int:
            payload = unpack(message, size)
            if seen is not None:
                seen.append(payload)
            return 0

        module = self._open(self.libraries.caller, CALLER, self._callback(send))
        call, make, payload = module.on_message, self.params, request(how)

        def run(count: int) -> object:
            made = make("bob", "alice", count)
            return call(module, made[0], payload, len(payload))

        return run
