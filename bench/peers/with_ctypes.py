"""ctypes: the structs in Python, no compiler."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

from ..calls import Call, Given
from .base import CALLER, FILTER, Calling, How, Libraries, Peer, Seen, request

SIGNATURE = 0xAA55773388FF1100  # as in the header
VERSION = 1


class Params(ctypes.Structure):
    """mesibo_message_params_t."""

    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("aid", "id", "refid", "groupid", "flags", "type")),
        ("expiry", ctypes.c_size_t),
        ("to_online", ctypes.c_size_t),
        ("to", ctypes.c_char_p),
        ("from_", ctypes.c_char_p),
    )


Init = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
Cleanup = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
# The message is a pointer that Python does not read up to a NUL: there may be none.
OnMessage = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Params), ctypes.c_char_p, ctypes.c_size_t
)
Send = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Params), ctypes.c_void_p, ctypes.c_size_t
)


class Module(ctypes.Structure):
    """mesibo_module_t."""

    _fields_ = (
        ("version", ctypes.c_size_t),
        ("flags", ctypes.c_size_t),
        ("name", ctypes.c_char_p),
        ("cleanup", Cleanup),
        ("on_message", OnMessage),
        *((name, ctypes.c_void_p) for name in ("on_message_status", "on_call", "on_call_status")),
        ("signature", ctypes.c_size_t),
        ("send_message", Send),
        ("http", ctypes.c_void_p),
        ("log", ctypes.c_void_p),
    )


def params_of(to: str | None, from_: str | None, id: int) -> Params:
    """The struct; it keeps the bytes."""
    return Params(
        id=id,
        to=None if to is None else to.encode(),
        from_=None if from_ is None else from_.encode(),
    )


class Ctypes(Peer):
    """CFUNCTYPE, which releases the GIL in each call and takes it in each callback."""

    name = "ctypes"

    def __init__(self, libraries: Libraries) -> None:
        super().__init__(libraries)
        self.module = self._open(libraries.filter, FILTER, Send(lambda *_: 0))

    def _open(self, library: Path, entry: str, send: Any) -> Module:
        loaded = ctypes.CDLL(str(library))
        module = Module(version=VERSION, signature=SIGNATURE, send_message=send)
        failed = Init((entry, loaded))(ctypes.addressof(module), ctypes.sizeof(module))
        assert not failed, f"{library} is not loaded"
        kept = (module, loaded, send)
        self.opened.callback(lambda kept: kept[0].cleanup(ctypes.addressof(kept[0])), kept)
        return module

    def held(self, given: Given) -> Call:
        """The pointer in the struct."""
        params = params_of(given.to, given.from_, given.id)
        names = {
            "on_message": self.module.on_message,
            "mod": ctypes.addressof(self.module),
            "params": ctypes.byref(params),
            "payload": given.payload,
            "size": len(given.payload),
        }
        return Call("on_message(mod, params, payload, size)", names)

    def released(self, given: Given) -> Call:
        """The same."""
        return self.held(given)

    def fields(self, given: Given) -> Call:
        """A function in Python makes the struct and calls."""
        call, mod, byref = self.module.on_message, ctypes.addressof(self.module), ctypes.byref

        def on_fields(payload: bytes, *, to: str | None, from_: str | None, id: int) -> Any:
            return call(mod, byref(params_of(to, from_, id)), payload, len(payload))

        names = {
            "on_fields": on_fields,
            "payload": given.payload,
            "to": given.to,
            "from_": given.from_,
            "id_": given.id,
        }
        return Call("on_fields(payload, to=to, from_=from_, id=id_)", names)

    def upcalls(self, how: How, seen: Seen | None) -> Calling:
        """A callback; libffi's closure."""
        string_at = ctypes.string_at

        def send(_mod: Any, _params: Any, message: Any, size: int) -> int:
            payload = string_at(message, size)
            if seen is not None:
                seen.append(payload)
            return 0

        module = self._open(self.libraries.caller, CALLER, Send(send))
        call, mod, payload = module.on_message, ctypes.addressof(module), request(how)
        return lambda count: call(
            mod, ctypes.byref(params_of("bob", "alice", count)), payload, len(payload)
        )
