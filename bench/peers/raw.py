"""C alone: the limit. Python only starts the loops."""

from __future__ import annotations

import ctypes
from pathlib import Path

from ..calls import Call, Given
from ..compiling import Part, compiled, native
from .base import CALLER, FILTER, Calling, Libraries, Peer
from .with_ctypes import Params, params_of

PART = Part("raw.so", native("raw.c"))


class Raw(Peer):
    """Calls through the pointer, in a loop in C."""

    name = "raw C"

    @classmethod
    def compile(cls) -> None:
        """The loops."""
        compiled(PART)

    def __init__(self, libraries: Libraries) -> None:
        super().__init__(libraries)
        self.lib = ctypes.CDLL(str(compiled(PART)))
        self.lib.raw_open.restype = ctypes.c_void_p
        self.lib.raw_open.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
        message = (ctypes.c_void_p, ctypes.POINTER(Params), ctypes.c_char_p, ctypes.c_size_t)
        self.lib.raw_call.argtypes = message
        self.lib.raw_loop.argtypes = (*message, ctypes.c_int64)
        self.lib.raw_loop.restype = self.lib.raw_load_and_close.restype = ctypes.c_int64
        self.lib.raw_close.argtypes = self.lib.raw_forget.argtypes = (ctypes.c_void_p,)
        self.lib.raw_load_and_close.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int64)
        self.lib.raw_empty_loop.argtypes = (ctypes.c_int64,)
        self.lib.raw_batch.argtypes = (
            ctypes.c_void_p,
            ctypes.POINTER(Params),
            *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64),
            *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64),
        )
        self.lib.raw_checked_batch.argtypes = (
            *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64),
            *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64),
        )
        self.lib.raw_batch.restype = self.lib.raw_checked_batch.restype = None
        self.module = self._open(libraries.filter, FILTER)
        self.caller = self._open(libraries.caller, CALLER)

    def _open(self, library: Path, entry: str) -> int:
        module = self.lib.raw_open(bytes(library), entry.encode())
        assert module, f"{library} is not loaded"
        self.opened.callback(self.lib.raw_close, module)
        return int(module)

    def held(self, given: Given) -> Call:
        """The loop; a single call is for the check."""
        arguments = (
            self.module,
            ctypes.byref(params_of(given.to, given.from_, given.id)),
            given.payload,
            len(given.payload),
        )
        names = {"call": self.lib.raw_call, "arguments": arguments}
        loop = self.lib.raw_loop
        return Call("call(*arguments)", names, own_loop=lambda n: loop(*arguments, n))

    def host_calls(self, payload: bytes) -> Calling:
        """Makes the module call host functions in C: a raw append, and snprintf."""
        call, module = self.lib.raw_call, self.caller
        return lambda count: call(
            module, ctypes.byref(params_of("bob", "alice", count)), payload, len(payload)
        )

    def forget(self) -> None:
        """What was appended; the memory stays."""
        self.lib.raw_forget(self.caller)

    def load_and_close(self, count: int) -> int:
        """dlopen, init, cleanup and dlclose; how many failed."""
        library = bytes(self.libraries.filter)
        return int(self.lib.raw_load_and_close(library, FILTER.encode(), count))
