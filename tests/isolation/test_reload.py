"""An init again in the process that is there, and messages without a NUL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mesibo_abi import (
    ClosedError,
    Host,
    InputError,
    Message,
    ModuleCrashed,
    ModuleDown,
    Result,
    User,
    build,
)
from tests.conftest import Built
from tests.fuzzing.libraries import library


def test_a_reload_calls_cleanup_and_init_in_the_same_process(built: Built, host: Host) -> None:
    module = host.load("echo", built("echo"), isolated=True)
    assert host.process(Message("a", to="echo", from_="bob")).sent[0].payload == b"a"
    module._reload()
    assert host.process(Message("b", to="echo", from_="bob")).sent[0].payload == b"b"
    assert module.crash_count == 0
    for _ in range(50):
        module._reload()
    assert host.process(Message("c", to="echo", from_="bob")).sent[0].payload == b"c"


def test_one_that_is_not_there_any_more_cannot_be_reloaded(built: Built, host: Host) -> None:
    module = host.load("echo", built("echo"), isolated=True)
    module.close()
    with pytest.raises(ClosedError):
        module._reload()


@pytest.mark.unsanitized(reason="AddressSanitizer reports what is freed twice")
def test_a_crash_in_its_cleanup_is_raised_and_it_is_down(host: Host) -> None:
    module = host.load("relapse", library("relapse"), isolated=True, restart="never")
    for _ in range(3):
        host.login(User("alice"))
    module._reload()
    with pytest.raises(ModuleCrashed, match="cleanup"):  # which frees the same again
        module._reload()
    assert isinstance(host.login(User("alice")).error, ModuleDown)


def test_without_a_nul_the_byte_behind_a_message_is_a_fault(built: Built, host: Host) -> None:
    library = built("result")  # reads it with atoi
    host.load("ended", library, isolated=True)
    assert host.process(Message("1")).result is Result.CONSUMED
    with Host() as bare:
        bare.load("ended", library, isolated=True, terminated=False)
        error = bare.process(Message("1")).error
        assert isinstance(error, ModuleCrashed)
        assert error.meaning == "a read 0 bytes behind the message, which has 1 byte"
        assert bare.process(Message("1\0")).result is Result.CONSUMED
        rows = bare.process_batch([Message("1\0"), Message("1"), Message("0\0")])
        assert list(rows.errors) == [1]


def test_it_says_nothing_of_a_module_in_this_process(built: Built, host: Host) -> None:
    wanted = re.escape(
        "module 'echo' cannot have messages without a NUL without isolated\n"
        "  expected isolated=True, got terminated=False for a module in this process, where no "
        "page that may not be touched lies behind them\n"
        "  hint: pass isolated=True, or leave out terminated"
    )
    with pytest.raises(InputError, match=f"^{wanted}$"):
        host.load("echo", built("echo"), terminated=False)


@pytest.mark.parametrize("name", ["fcgi_calls", "http_calls", "socket_calls"])
def test_a_request_for_nowhere_is_refused_in_the_worker_as_here(
    name: str, tmp_path: Path, host: Host
) -> None:
    """Without items there is no host to ask."""
    source = Path(__file__).parent.parent / "modules" / "sdk2020" / f"{name}.c"
    library = build(source, output=tmp_path / f"mesibo_mod_{name}.so", revision="sdk2020")
    module = host.load(name, library, isolated=True)
    verdict = host.process(Message("\0", to="", from_="alice"))
    assert not isinstance(verdict.error, ModuleCrashed)
    assert module.crash_count == 0
