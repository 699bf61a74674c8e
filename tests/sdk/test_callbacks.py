"""Every callback, every word of the structs, and the host functions without the network, through
modules that were compiled for each of the SDK's revisions."""

from __future__ import annotations

import pytest

from mesibo_abi import CallbackNotSet, Host, Message, Result, Revision, User, Verdict

from .conftest import REVISIONS, Sdk

SIZES = {Revision.SDK2019: 176, Revision.SDK2020: 192}
CALLBACKS = {"on_message", "on_message_status", "on_call", "on_call_status", "on_login"}
FULL = Message(
    "text",
    to="bob",
    from_="ann",
    aid=1,
    id=2,
    refid=3,
    groupid=4,
    flags=5,
    type=6,
    expiry=7,
    uflags=8,
    status=9,
    sid=10,
    device=2**64 - 1,
)
LAST_WORDS = {
    Revision.SDK2019: "to_online 8",
    Revision.SDK2020: "uflags 8 status {} sid 10 device 18446744073709551615",
}
both = pytest.mark.parametrize("revision", REVISIONS)


def texts(verdict: Verdict) -> list[str]:
    return [record.text for record in verdict.logs]


def logged(host: Host) -> list[str]:
    return [record.text for record in host.logs]


@both
def test_init_and_cleanup(host: Host, sdk: Sdk, revision: Revision) -> None:
    module = host.load("reporter", sdk(revision, "report"))
    assert logged(host) == [
        f"init 1 of reporter with {SIZES[revision]} bytes, config NULL, flags 0",
        "invoke -1 -1",
        "unset 1",
    ]
    assert (module.revision, module.version, module.flags) == (revision, 1, 42)
    assert module.declared_name == "reporter"
    module.close()
    assert logged(host) == ["cleanup of reporter, its context"]


@both
def test_the_callbacks_that_it_has(host: Host, sdk: Sdk, revision: Revision) -> None:
    only_2020 = {"on_config"} if revision == Revision.SDK2020 else set()
    assert host.load("report", sdk(revision, "report")).callbacks == CALLBACKS | only_2020
    assert host.load("bare", sdk(revision, "bare")).callbacks == set()


@both
def test_a_message(host: Host, sdk: Sdk, revision: Revision) -> None:
    module = host.load("report", sdk(revision, "report"))
    verdict = host.process(FULL)
    assert (verdict.result, verdict.by) == (Result.CONSUMED, module)
    assert verdict.message is FULL
    assert texts(verdict) == [
        "message 1 2 3 4 5 6 7 ann>bob reserved 0",
        LAST_WORDS[revision].format(9),
        "4 bytes: text",
    ]


@both
def test_addresses_that_are_none(host: Host, sdk: Sdk, revision: Revision) -> None:
    host.load("report", sdk(revision, "report"))
    verdict = host.process(Message(to=None, from_=None, groupid=1))
    assert texts(verdict)[0] == "message 0 0 0 1 0 0 0 NULL>NULL reserved 0"


@both
def test_what_a_module_does_to_its_params_stays_there(
    host: Host, sdk: Sdk, revision: Revision
) -> None:
    """It writes into strings and words; the next module sees them as they were."""
    host.load("first", sdk(revision, "report"))
    host.load("second", sdk(revision, "report"))
    lines = texts(host.status(FULL, 3))
    half = len(lines) // 2
    assert lines[0] == "status 1 2 3 4 5 6 7 ann>bob reserved 0"
    assert lines[:half] == lines[half:]
    # on_message writes into them, and the host's message is as it was.
    assert host.modules[0].on_message(FULL) is Result.CONSUMED
    assert (FULL.to, FULL.id) == ("bob", 2)


@both
def test_a_status(host: Host, sdk: Sdk, revision: Revision) -> None:
    """sdk2020 finds it in params->status, whatever the message's own status was."""
    module = host.load("report", sdk(revision, "report"))
    verdict = host.status(FULL, 0x88)
    expected = ["status 1 2 3 4 5 6 7 ann>bob reserved 0", LAST_WORDS[revision].format(0x88)]
    assert texts(verdict) == expected + ["is 136"] * (revision == Revision.SDK2019)
    assert verdict.returned == ((module, 1),)
    assert verdict.result is Result.PASS


@both
def test_calls_and_logins(host: Host, sdk: Sdk, revision: Revision) -> None:
    module = host.load("report", sdk(revision, "report"))
    assert texts(host.call()) == ["call"]
    assert texts(host.call_status()) == ["call status"]
    assert host.call_status().returned == ((module, 1),)
    verdict = host.login(User("ann", flags=2**64 - 1))
    assert verdict.returned == ((module, 1),)
    assert texts(verdict) == ["login 18446744073709551615 1 ann reserved 0"]
    assert texts(host.login(User("ann", online=False))) == ["login 0 0 ann reserved 0"]
    assert texts(host.login(User(None))) == ["login 0 1 NULL reserved 0"]


def test_a_login_reaches_all_but_the_oldest_revision(host: Host, sdk: Sdk) -> None:
    modules = [host.load("report", sdk(revision, "report")) for revision in REVISIONS]
    verdict = host.login(User("ann"))
    assert verdict.returned == tuple((module, 1) for module in modules)
    # One wrote into its copy of the address.
    assert texts(verdict) == ["login 0 1 ann reserved 0"] * 2


def test_a_config_event(host: Host, sdk: Sdk) -> None:
    """Only sdk2020 has the slot."""
    host.load("old", sdk(Revision.SDK2019, "report"))
    module = host.load("new", sdk(Revision.SDK2020, "report"))
    verdict = host.config(2**64 - 1, b"data")
    assert verdict.returned == ((module, 1),)
    assert texts(verdict) == ["config 18446744073709551615 data"]
    assert texts(host.config(0)) == ["config 0 NULL"]


@both
def test_direct_calls(host: Host, sdk: Sdk, revision: Revision) -> None:
    module = host.load("report", sdk(revision, "report"))
    logged(host)
    assert module.on_message(FULL) is Result.CONSUMED
    assert module.on_message_status(FULL, 2) is Result.CONSUMED
    assert module.on_call() is Result.PASS
    assert module.on_call_status() is Result.CONSUMED
    assert module.on_login(User("bob", flags=4)) is Result.CONSUMED
    lines = logged(host)
    assert lines[0] == "message 1 2 3 4 5 6 7 ann>bob reserved 0"
    assert lines[-3:] == ["call", "call status", "login 4 1 bob reserved 0"]


def test_a_direct_config_event(host: Host, sdk: Sdk) -> None:
    module = host.load("report", sdk(Revision.SDK2020, "report"))
    logged(host)
    assert module.on_config(5, b"direct") is Result.CONSUMED
    assert logged(host) == ["config 5 direct"]
    old = host.load("old", sdk(Revision.SDK2019, "report"))
    with pytest.raises(CallbackNotSet, match=r"^module 'old' has no on_config\n"):
        old.on_config(5)


@both
def test_a_module_without_callbacks(host: Host, sdk: Sdk, revision: Revision) -> None:
    module = host.load("bare", sdk(revision, "bare"))
    assert host.process(FULL).result is Result.PASS
    assert host.login(User("ann")).returned == ()
    with pytest.raises(CallbackNotSet, match=r"^module 'bare' has no on_login\n"):
        module.on_login(User("ann"))


@both
def test_a_status_goes_to_the_module_that_sent(host: Host, sdk: Sdk, revision: Revision) -> None:
    host.load("echo", sdk(revision, "echo"))
    report = host.load("report", sdk(revision, "report"))
    (sent,) = host.process(FULL).sent
    assert sent.module == "echo"
    assert host.status(sent, 2).returned == ()
    assert host.status(sent.replace(module="report"), 2).returned == ((report, 1),)
    assert host.status(sent.replace(module="gone"), 2).returned == ((report, 1),)
