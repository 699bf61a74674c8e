"""The init of native modules: what it refuses, what it overwrites, and one that is only a guess."""

from __future__ import annotations

import signal

import pytest

from mesibo_abi import Host, HttpResponse, Message, Result, StructChanged
from tests.conftest import Built
from tests.refusing import refused

UNTOLD = ("-DMESIBO_ABI_NO_TAG", "-g0", "-s")  # nothing in the library tells its revision


def test_an_init_that_refuses(host: Host, built: Built) -> None:
    path = built("refuse")
    error = refused(host, path)
    assert str(error) == (
        f"cannot load module 'module' from {path}\n"
        "  expected mesibo_module_refuse_init to return 0, it returned -7\n"
        "  hint: an init refuses when version, signature or size are not those it was compiled "
        "for: compile it against include/doc2019/module.h, and read what it logged\n"
        "  it logged: no licence for this host\n"
        "  it logged: ask for 42"
    )
    assert [(record.module, record.text) for record in error.logs] == [
        ("module", "no licence for this host"),
        ("module", "ask for 42"),
    ]
    assert [record.text for record in host.logs] == ["no licence for this host", "ask for 42"]


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("-DLEN=104", "size mismatch: expected 104, found 96"),
        ("-DSIGNATURE=7", f"signature mismatch: expected 7, found {0xAA55773388FF1100}"),
        ("-DVERSION=2", "version mismatch: expected 2, found 1"),
    ],
)
def test_an_init_made_for_another_host(host: Host, built: Built, option: str, line: str) -> None:
    error = refused(host, built("strict", option))
    assert "to return 0, it returned -1\n  hint: an init refuses" in str(error)
    assert str(error).endswith(f"\n  it logged: {line}")


def test_an_init_that_finds_what_it_was_made_for(host: Host, built: Built) -> None:
    assert host.load("strict", built("strict")).declared_name is None


WORDS = {
    "version": (0, 1, 2, "`version` is the host's: compare it, never assign it"),
    "signature": (
        64,
        0xAA55773388FF1100,
        0x1111111111111111,
        "`signature` is the host's: compare it, never assign it",
    ),
    "send_message": (72, None, 0x1111111111111111, None),
    "http": (80, None, 0x1111111111111111, None),
    "log": (88, None, 0x1111111111111111, None),
    **{
        f"behind {offset - 96}": (
            offset,
            0x5AFE5AFE0DDBA115,
            0x1111111111111111,
            "the module wrote past the end of mesibo_module_t: compile it against this revision's "
            "header, and check what it copies into the struct",
        )
        # 168 and 184: where the SDK's structs, which are larger, have `invoke`.
        for offset in (96, 112, 168, 184, 312)
    },
}
FUNCTION_HINT = "host functions in the struct are the host's: call them, never assign them"


def assert_damage(text: str, field: str) -> None:
    offset, expected, found, hint = WORDS[field]
    where = "behind the struct" if field.startswith("behind") else field
    damage, _, rest = text.partition("\n")
    before, _, after = damage.partition(" at byte ")
    assert expected is None or before == f"expected {expected:#x}"
    assert before.startswith("expected 0x")
    assert after == f"{offset} ({where}), found {found:#x}"
    assert rest == f"  hint: {hint or FUNCTION_HINT}"


@pytest.mark.parametrize("field", WORDS)
def test_an_init_that_overwrites_what_is_the_hosts(host: Host, built: Built, field: str) -> None:
    path = built("overwrite", f'-DINIT="{field}"')
    first, _, rest = str(refused(host, path)).partition("\n")
    assert first == f"cannot load module 'module' from {path}"
    assert rest.startswith("  after mesibo_module_overwrite_init: ")
    assert_damage(rest.removeprefix("  after mesibo_module_overwrite_init: "), field)


@pytest.mark.parametrize("field", WORDS)
def test_a_callback_that_overwrites_what_is_the_hosts(host: Host, built: Built, field: str) -> None:
    module = host.load("module", built("overwrite"))
    verdict = host.process(Message(field))
    assert (verdict.result, verdict.by) == (Result.FAIL, module)
    assert isinstance(verdict.error, StructChanged)
    first, _, rest = str(verdict.error).partition("\n")
    assert first == "module 'module' overwrote its struct in on_message"
    assert_damage(rest.removeprefix("  "), field)
    module.close()
    assert host.process(Message(field)).result is Result.PASS


def test_a_request_that_overwrites_what_is_the_hosts(built: Built) -> None:
    with Host(http=lambda request: HttpResponse()) as host:
        module = host.load("late", built("late_overwrite"))
        host.process(Message("http://nowhere/"))
        assert host.wait_idle(60)
        (line,) = host.logs
        assert line.text == (
            "overwrote its struct in a callback of a request: expected 0xaa55773388ff1100 at "
            "byte 64 (signature), found 0x1"
        )
        error = host.process(Message()).error
        assert str(error).startswith(
            "module 'late' overwrote its struct in a callback of a request\n"
        )
        module.close()  # which has nothing new to say


def test_a_cleanup_that_overwrites_what_is_the_hosts(host: Host, built: Built) -> None:
    module = host.load("late", built("late_overwrite", "-DCLEANUP"))
    with pytest.raises(StructChanged) as caught:
        module.close()
    assert str(caught.value).startswith("module 'late' overwrote its struct in cleanup\n")
    assert module.closed
    assert host.modules == ()


def test_a_callback_that_is_no_code(host: Host, built: Built) -> None:
    path = built("bad_slot")
    first, detail, hint = str(refused(host, path)).split("\n")
    assert first == f"cannot load module 'module' from {path}"
    start, _, address = detail.partition(", found 0x")
    assert start == "  expected the callback `on_call` (byte 48) to point at code"
    assert address.endswith(", where there is none")
    assert hint == "  hint: set mod->on_call to a function of the module, or leave it NULL"


# ---- A revision that is a guess -----------------------------------------------------------------


def test_a_guessed_revision(host: Host, built: Built) -> None:
    host.load("echo", built("echo", *UNTOLD))
    assert len(host.process(Message(to="bob")).sent) == 1


def test_a_guess_that_crashes(host: Host, built: Built, capfd: pytest.CaptureFixture[str]) -> None:
    path = built("crash_init", *UNTOLD)
    assert str(refused(host, path)) == (
        f"cannot load module 'module' from {path}\n"
        "  expected mesibo_module_crash_init_init to return when it is called as doc2019 says; "
        "tried in a child process, it ended with SIGSEGV\n"
        "  hint: nothing in the library says that it is doc2019: give the revision that it was "
        "compiled for with revision=, or compile it against a header of mesibo_abi"
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_guess_that_never_returns(host: Host, built: Built) -> None:
    path = built("hang_init", *UNTOLD)
    assert "; tried in a child process, it did not return in time\n" in str(refused(host, path))


def test_a_guess_under_a_storm_of_signals(host: Host, built: Built) -> None:
    """A signal is neither a crash of the child nor the end of its time."""
    path = built("echo", *UNTOLD)
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for number in range(50):
            host.load(f"echo{number}", path).close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_guess_that_refuses_says_why_once(host: Host, built: Built) -> None:
    error = refused(host, built("refuse", *UNTOLD))
    assert [record.text for record in error.logs] == ["no licence for this host", "ask for 42"]
