"""Plain values that every layer shares, named as in the header."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict

if TYPE_CHECKING:
    from .bridge.values import Message


WORDS = (
    "aid",
    "id",
    "refid",
    "groupid",
    "flags",
    "type",
    "expiry",
    "uflags",
    "status",
    "sid",
    "device",
)
"""The words of a message's params, in the order of the core's mh_params."""


class Result(enum.IntEnum):
    """What `on_message` decides (header: MESIBO_RESULT_*)."""

    FAIL = -1
    """The module failed; MESIBO_RESULT_FAIL."""
    PASS = 0
    """Hand the message on to the next module, then to the recipient; MESIBO_RESULT_PASS, _OK."""
    CONSUMED = 1
    """Stop here: the recipient does not get the message; MESIBO_RESULT_CONSUMED."""


class OnFailure(enum.StrEnum):
    """What a chain does with a message on which a module failed."""

    STOP = "stop"
    """The message is not delivered; the verdict names the module."""
    PASS = "pass"
    """The next module gets the message as if the failed one had passed it."""


class Revision(enum.StrEnum):
    """The published states of the module ABI that this host knows."""

    DOC2019 = "doc2019"
    """The module documentation of October 2019: the reference, and the default."""
    SDK2019 = "sdk2019"
    """The first public SDK, October and November 2019."""
    SDK2020 = "sdk2020"
    """The public SDK of February 2020: what modules in the field are built against."""


class HttpState(enum.IntEnum):
    """Where an HTTP request stands (header: MODULE_HTTP_STATE_*)."""

    REQUEST = 0
    REQBODY = 1
    RESPHEADER = 2
    RESPBODY = 3
    DONE = 4


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line that a module, or the host on its behalf, logged.

    `module` is the module's name in the host (empty: the host itself); `level` 0 is always kept,
    higher ones only up to the module's `log` item; `text` is without its trailing newline,
    bytes that are not UTF-8 shown as `\\xNN`; `time` is seconds since 1970; `thread` is the
    kernel's number of the thread that logged.
    """

    module: str
    level: int
    text: str
    time: float
    thread: int


@dataclass(frozen=True, slots=True)
class User:
    """Who logged in or out: an address (None: there is none), which of the two, and flags."""

    address: str | None
    online: bool = True
    flags: int = 0


class MessageFields(TypedDict, total=False):
    """The keywords of `Message`: every field but the payload."""

    to: str | bytes | None
    from_: str | bytes | None
    aid: int
    id: int
    refid: int
    groupid: int
    flags: int
    type: int
    expiry: int
    to_online: int
    uflags: int
    status: int
    sid: int
    device: int
    module: str | None


class ArrowStream(Protocol):
    """A table, of whatever library, with the Arrow C stream interface."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """A capsule of an ArrowArrayStream."""


class ArrowArray(Protocol):
    """A record batch, of whatever library, with the Arrow C array interface."""

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        """Capsules of an ArrowSchema and an ArrowArray."""


Batch: TypeAlias = "list[Message] | ArrowStream | ArrowArray"
"""What `Host.process_batch` takes."""
