"""A hand-written C extension: the least there can be, and the same with a host's bookkeeping."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from ..calls import Call, Given
from ..compiling import Part, compiled, native
from .base import CALLER, FILTER, Calling, How, Libraries, Peer, Seen, handler_of, request
from .built import imported

PART = Part(
    "mesibo_bench_extension.so",
    native(*(f"extension/{name}.c" for name in ("module", "message", "calls", "upcalls"))),
    native("extension/peer.h"),
)


@cache
def _extension() -> Any:
    return imported(PART)


class Extension(Peer):
    """METH_FASTCALL, no lock, no checks."""

    name = "C extension"
    suffix: ClassVar[str] = ""

    @classmethod
    def compile(cls) -> None:
        """The extension."""
        compiled(PART)

    def __init__(self, libraries: Libraries) -> None:
        super().__init__(libraries)
        self.extension = _extension()
        self.module = self.extension.Module(str(libraries.filter), FILTER)

    def _on_message(self, given: Given, suffix: str) -> Call:
        message = self.extension.Message(b"", to=given.to, from_=given.from_, id=given.id)
        names = {
            "on_message": getattr(self.module, f"on_message{suffix}"),
            "params": message,
            "payload": given.payload,
        }
        return Call("on_message(params, payload)", names)

    def held(self, given: Given) -> Call:
        """The pointer, with what is in the objects."""
        return self._on_message(given, self.suffix)

    def released(self, given: Given) -> Call:
        """The same between Py_BEGIN_ALLOW_THREADS and Py_END_ALLOW_THREADS."""
        return self._on_message(given, f"{self.suffix}_released")

    def fields(self, given: Given) -> Call | None:
        """One call: keywords into a struct on the C stack, and no object of it."""
        names = {
            "on_fields": self.module.on_fields,
            "payload": given.payload,
            "to": given.to,
            "from_": given.from_,
            "id_": given.id,
        }
        return Call("on_fields(payload, to=to, from_=from_, id=id_)", names)

    def upcalls(self, how: How, seen: Seen | None) -> Calling | None:
        """Without PyGILState where the GIL is held; a thread of the module's is attached once."""
        ways = {
            How.HELD: self.extension.HELD,
            How.RELEASED: self.extension.ENSURE,
            How.THREAD: self.extension.ATTACH,
        }
        module = self.extension.Module(
            str(self.libraries.caller), CALLER, ways[how], handler_of(seen)
        )
        call = module.on_message if how is How.HELD else module.on_message_released
        payload, message = request(how), self.extension.Message
        return lambda count: call(message(b"", to="bob", from_="alice", id=count), payload)


class CheckedExtension(Extension):
    """With what a host does at each call: a recursive mutex, a fresh struct with copies of the
    addresses, a frame of the thread that says who runs, and after the call a look at the words
    that a module must not write, and at the canary behind its struct."""

    name = "C extension, checks"
    suffix = "_checked"

    def fields(self, given: Given) -> Call:
        """Two calls: an object with the params and its own copies of the addresses, then the
        call."""
        names = {
            "on_message": self.module.on_message_checked,
            "Message": self.extension.Message,
            "payload": given.payload,
            "to": given.to,
            "from_": given.from_,
            "id_": given.id,
        }
        body = "on_message(Message(payload, to=to, from_=from_, id=id_), payload)"
        return Call(body, names)

    def upcalls(self, how: How, seen: Seen | None) -> None:
        """As without checks."""
