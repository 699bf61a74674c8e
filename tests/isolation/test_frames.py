"""Which calls a report names: on a stack that was written over, inlined ones, of a recursion."""

from __future__ import annotations

import platform
import re
import signal
import struct
from pathlib import Path

import pytest

from mesibo_abi import Host, Message, ModuleCrashed
from tests.conftest import SOURCES, Built
from tests.tools import needs

pytestmark = needs("cc", "addr2line")
seen_before = pytest.mark.unsanitized(reason="AddressSanitizer ends a memcpy that goes too far")

TEXT = b"A" * 200
NOWHERE = struct.pack("<Q", 0x4141_4141) * 25  # as an address: where no memory is
ZEROS = bytes(200)


def line_of(source: Path, mark: str) -> int:
    lines = source.read_text().splitlines()
    (number,) = [i for i, line in enumerate(lines, 1) if f"/* {mark} */" in line]
    return number


def crash(host: Host, payload: bytes | str) -> ModuleCrashed:
    error = host.process(Message(payload, to="bob")).error
    assert isinstance(error, ModuleCrashed)
    return error


# ---- A stack that was written over


@seen_before
@pytest.mark.skipif(platform.machine() != "x86_64", reason="a return address is not on the stack")
@pytest.mark.parametrize("payload", [TEXT, NOWHERE, ZEROS], ids=["text", "nowhere", "zeros"])
@pytest.mark.parametrize("optimised", ["-O0", "-O2"])
def test_a_return_address(host: Host, built: Built, optimised: str, payload: bytes) -> None:
    """The function that wrote over it is named: by its last call, which has left its own."""
    library = built("smash", "-g", optimised, "-fno-stack-protector", "-U_FORTIFY_SOURCE")
    host.load("smash", library, isolated=True)
    error = crash(host, payload)
    assert error.signal == signal.SIGSEGV
    assert re.fullmatch(r"SIGSEGV copy smash\.c:\d+", error.signature)
    if payload is not TEXT:  # it is a jump: the processor refuses no such address
        assert str(error.frames[0]) == "?? in no file"
        assert re.search(r"\n  #1 copy at smash\.c:\d+ \(found on the stack\)", str(error))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="a return address is not on the stack")
def test_a_return_address_and_nothing_is_left(host: Host, built: Built) -> None:
    """A loop calls nobody: all that is known is which callback ran."""
    library = built("smash", "-g", "-O2", "-DCOPY", "-fno-stack-protector")
    host.load("smash", library, isolated=True)
    error = crash(host, NOWHERE)
    line = line_of(SOURCES / "smash.c", "CALLBACK")
    assert error.signature.startswith("SIGSEGV on_message smash.c:")
    assert error.frames[-1].function == "on_message"
    assert error.frames[-1].note == "the callback that ran"
    assert error.frames[-1].line in (line - 1, line)


@seen_before
@pytest.mark.parametrize("optimised", ["-O0", "-O2"])
@pytest.mark.parametrize("payload", [TEXT, NOWHERE, ZEROS], ids=["text", "nowhere", "zeros"])
def test_where_the_compiler_watches(
    host: Host, built: Built, optimised: str, payload: bytes
) -> None:
    library = built("smash", "-g", optimised, "-fstack-protector-all", "-U_FORTIFY_SOURCE")
    host.load("smash", library, isolated=True)
    error = crash(host, payload)
    assert error.signature == f"SIGABRT copy smash.c:{line_of(SOURCES / 'smash.c', 'END')}"
    assert "__stack_chk_fail" in [frame.function for frame in error.frames]


# ---- Calls that were inlined


def test_inlined_calls(host: Host, built: Built) -> None:
    """Each has a line; the signature stays the innermost."""
    source = SOURCES / "deep.c"
    host.load("deep", built("deep", "-g", "-O2"), isolated=True)
    error = crash(host, "inlined")
    inner, middle, outer = (line_of(source, mark) for mark in ("INNER", "MIDDLE", "OUTER"))
    assert error.signature == f"SIGSEGV inner deep.c:{inner}"
    assert [str(frame) for frame in error.frames] == [
        f"inner at deep.c:{inner} (inlined)",
        f"middle at deep.c:{middle} (inlined)",
        f"on_message at deep.c:{outer}",
    ]
    assert f"\n  #1 middle at deep.c:{middle} (inlined)\n  #2 on_message" in str(error)


# ---- A recursion


def test_who_began_a_recursion(host: Host, built: Built) -> None:
    """Both ends of it are told, and how much is between."""
    host.load("deep", built("deep", "-g", "-O1"), isolated=True)
    error = crash(host, "dig")
    names = [frame.function for frame in error.frames]
    assert names[:48] == ["dig"] * 48
    assert names[-3:] == ["dig", "start", "on_message"]
    assert error.frames_left_out > 100
    found = re.search(
        r"\n  #0 dig at deep\.c:(\d+).*\n  and (\d+) more, which are left out\n  #(\d+) dig",
        str(error),
        re.DOTALL,
    )
    assert found is not None
    assert int(found[2]) == error.frames_left_out
    assert int(found[3]) == 48 + error.frames_left_out
    assert len(error.frames) <= 64
    assert error.request is None


def test_who_began_a_recursion_too_long_to_be_walked(host: Host, built: Built) -> None:
    """Its other end is looked for on the stack; how many calls are between, nobody counted."""
    host.load("deep", built("deep", "-g", "-O1", "-DSIZE=8"), isolated=True)
    error = crash(host, "dig")
    innermost, outermost = error.frames[:48], error.frames[48:]
    assert {frame.function for frame in innermost} == {"dig"}
    assert [frame.function for frame in outermost[-3:]] == ["dig", "start", "on_message"]
    assert {frame.note for frame in outermost} == {"found on the stack"}
    assert re.search(
        r"\n  #0 dig at deep\.c:\d+.*"
        r"\n  and 20\d more at least: too many to come to the outermost"
        r"\n  #… dig at deep\.c:\d+ \(found on the stack\)"
        r"\n  #… start at deep\.c:\d+ \(found on the stack\)"
        r"\n  #… on_message at deep\.c:\d+ \(found on the stack\)",
        str(error),
        re.DOTALL,
    )
    assert error.signature.startswith("SIGSEGV dig deep.c:")
