"""A fault, as the core tells of it: tests change what they are about."""

from __future__ import annotations

import signal

from mesibo_abi.isolation.crash import Crash, Kind, Reached

HIGH = 0x7FFF_0000_0000
LOW = HIGH - (8 << 20)
FAULT = Crash(
    kind=Kind.FAULT,
    reached=Reached.NONE,
    allowed=0,
    signal=signal.SIGSEGV,
    code=1,
    own=False,
    address=0x1234_5678_9000,
    writes=False,
    own_thread=False,
    callback="on_message",
    thread_name="worker",
    pc=0x5555_0000_1000,
    sp=HIGH - 4096,
    stack=(LOW, HIGH),
    message_at=0x7000_0000_0FF0,
    message_size=15,
    registers=(),
    places=(),
    left_out=0,
    found=(),
    entry=None,
    request="",
    exception="",
    lines=(),
)
