"""What the end of a process means, in words."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from mesibo_abi.isolation.crash import Kind, Reached
from mesibo_abi.isolation.meaning import demangled, hint, meaning, signal_name
from tests.isolation.faulted import FAULT, LOW


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "a read from 0x123456789000, where there is no memory"),
        ({"writes": True}, "a write to 0x123456789000, where there is no memory"),
        ({"code": 2}, "a read from 0x123456789000, which may not be read"),
        ({"address": 0}, "a read from a NULL pointer"),
        ({"address": 4095}, "a read from a NULL pointer, 4095 bytes behind it"),
        ({"address": 4096}, "a read from 0x1000, where there is no memory"),
        ({"address": 0, "pc": 0}, "a call through a NULL function pointer"),
        ({"pc": 0x1234_5678_9000}, "a jump to 0x123456789000, where there is no code"),
        (
            {"address": None},
            "an access to an address that no memory can have: an overwritten pointer",
        ),
        (
            {"address": 0x7000_0000_1000, "writes": True},
            "a write 1 byte behind the message, which has 15 bytes",
        ),
        (
            {"address": LOW - 8, "sp": LOW + 64},
            "a stack that is full: recursion without an end, or a large array in a function",
        ),
        (
            {"address": LOW - (9 << 20) - 8, "sp": LOW - (9 << 20), "writes": True},
            "a stack that is full: recursion without an end, or a large array in a function",
        ),
        (
            {"address": LOW - (4 << 20), "sp": LOW - (9 << 20)},
            "a stack that is full: recursion without an end, or a large array in a function",
        ),
        (  # a stack pointer that was written over
            {"address": 0x4141_4000, "sp": 0x4141_4000},
            "a read from 0x41414000, where there is no memory",
        ),
        (
            {"address": LOW - (12 << 20), "sp": LOW - (9 << 20)},
            f"a read from {LOW - (12 << 20):#x}, where there is no memory",
        ),
        ({"address": LOW - 8}, f"a read from {LOW - 8:#x}, where there is no memory"),
        (
            {"signal": signal.SIGBUS},
            "a read from 0x123456789000: memory behind the end of a mapped file, or an address "
            "that is not aligned",
        ),
        ({"signal": signal.SIGFPE}, "a whole number divided by zero"),
        ({"signal": signal.SIGFPE, "code": 3}, "arithmetic that has no result"),
        ({"code": 0}, "SIGSEGV from another process: nothing faulted"),
        ({"code": 0, "own": True}, "SIGSEGV, sent by itself"),
        (
            {"signal": signal.SIGALRM, "code": 128, "own": True},
            "SIGALRM, sent by a timer that it had set",
        ),
        ({"signal": signal.SIGABRT, "code": -6}, "SIGABRT from another process: nothing faulted"),
        (
            {"kind": Kind.KILLED, "signal": signal.SIGSEGV},
            "SIGSEGV, and no more: the module had changed what is done at that signal, or wrote "
            "over what tells of it",
        ),
        (
            {"signal": signal.SIGABRT, "code": -6, "own": True, "exception": "St13runtime_error"},
            "an exception of C++ that nobody caught: std::runtime_error",
        ),
        ({"kind": Kind.EXIT, "code": 7}, "a call of exit with code 7"),
        (
            {"kind": Kind.KILLED, "signal": signal.SIGKILL},
            "SIGKILL from outside: the kernel, when memory is short, or somebody",
        ),
        ({"kind": Kind.KILLED, "signal": signal.SIGTERM}, "SIGTERM from outside"),
        ({"kind": Kind.KILLED, "signal": 99}, "signal 99 from outside"),
        ({"kind": Kind.HUNG}, "that it had not returned when its time was over"),
        (
            {"kind": Kind.HUNG, "hurried": True},
            "that it had not returned when somebody called host.hurry, as Ctrl-C does",
        ),
        (
            {"kind": Kind.VANISHED, "code": 5},
            "that it ended itself, by a system call, with code 5",
        ),
        (
            {"signal": signal.SIGXCPU, "code": 0x80},
            "more time of the processor than this process may have (ulimit -t)",
        ),
        (
            {"signal": signal.SIGXCPU, "code": 0x80, "reached": Reached.CPU_TIME, "allowed": 2},
            "that it had used up its limit, 2 s of the processor",
        ),
        (
            {"kind": Kind.EXIT, "code": 7, "reached": Reached.MEMORY, "allowed": 4096},
            "a call of exit with code 7; it had been refused memory: its limit is 4096 bytes",
        ),
        (
            {"kind": Kind.HUNG, "reached": Reached.OPEN_FILES, "allowed": 3},
            "that it had not returned when its time was over; it had been refused a descriptor: "
            "its limit is 3 open files",
        ),
        (
            {"kind": Kind.EXIT, "code": 7, "reached": Reached.NETWORK, "allowed": 1},
            "a call of exit with code 7; it had been refused the network: its limit is "
            "network=False",
        ),
        ({"kind": Kind.SCRIBBLED}, "that it wrote over what it shares with the host"),
    ],
)
def test_a_meaning(changes: dict[str, object], words: str) -> None:
    assert meaning(replace(FAULT, **changes)) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "callbacks must not block: see the frames below, or raise the deadline"),
        (
            {"callback": "init"},
            "an init must not block: see the frames below, or raise init_deadline "
            "(--init-deadline)",
        ),
        ({"hurried": True}, "callbacks must not block: see the frames below"),
        ({"hurried": True, "callback": "init"}, "an init must not block: see the frames below"),
    ],
)
def test_the_hint_of_what_hung(changes: dict[str, object], words: str) -> None:
    assert hint(replace(FAULT, kind=Kind.HUNG, **changes)) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mangled", "name"),
    [
        ("St13runtime_error", "std::runtime_error"),
        ("N4shop8sold_outE", "shop::sold_out"),
        ("5Error", "Error"),
        ("i", "int"),
        ("PKc", "const char *"),
        ("N4shop4baseIiEE", "N4shop4baseIiEE"),
        ("", ""),
    ],
)
def test_the_name_of_a_type(mangled: str, name: str) -> None:
    assert demangled(mangled) == name


def test_the_name_of_a_signal() -> None:
    assert (signal_name(signal.SIGSEGV), signal_name(0), signal_name(999)) == ("SIGSEGV", "", "")
