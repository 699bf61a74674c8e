"""Telling the revision of a library: by tag, debugging information, imports, its init's word, or a
guess; and a revision that the caller says, right or wrong."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from mesibo_abi import (
    Host,
    HttpResponse,
    LoadError,
    LogRecord,
    Message,
    Result,
    Revision,
    StructChanged,
    inspect,
)
from mesibo_abi.elf import ToldBy

from ..conftest import Built
from ..libraries import note
from .conftest import OPTIMISED, REVISIONS, UNTAGGED, UNTOLD, VENDOR, C, Sdk

both = pytest.mark.parametrize("revision", REVISIONS)


def texts(host: Host) -> list[str]:
    return [record.text for record in host.logs]


@both
@pytest.mark.parametrize(
    ("options", "told_by"), [((), ToldBy.TAG), ((UNTAGGED,), ToldBy.DWARF)], ids=["tag", "dwarf"]
)
def test_by_what_the_library_has(
    host: Host, sdk: Sdk, revision: Revision, options: tuple[str, ...], told_by: ToldBy
) -> None:
    path = sdk(revision, "echo", *options)
    assert (inspect(path).revision, inspect(path).told_by) == (revision, told_by)
    assert host.load("echo", path).revision == revision
    assert host.process(Message("text", to="bob")).sent[0].payload == b"text"


def test_by_its_imports(host: Host, sdk: Sdk) -> None:
    path = sdk(Revision.SDK2020, "services", *UNTOLD)
    assert (inspect(path).revision, inspect(path).told_by) == ("sdk2020", ToldBy.SYMBOLS)
    assert host.load("services", path).revision == "sdk2020"
    path = sdk(Revision.SDK2019, "fetch", *UNTOLD)
    assert (inspect(path).revision, inspect(path).told_by) == ("sdk2019", ToldBy.SYMBOLS)
    assert host.load("fetch", path).revision == "sdk2019"


@both
@pytest.mark.parametrize("command", [C, VENDOR, OPTIMISED], ids=["c", "vendor", "optimised"])
def test_by_the_inits_own_word(
    host: Host, sdk: Sdk, revision: Revision, command: tuple[str, ...]
) -> None:
    """It logs before it checks `len`; what it said of the offer it refused is not kept."""
    path = sdk(revision, "chatty_init", *UNTOLD, command=command)
    found = inspect(path)
    assert (found.revision, found.told_by) == (None, ToldBy.UNDECIDED)
    assert found.candidates == ("sdk2019", "sdk2020")
    module = host.load("chatty", path, config={"word": "hello"})
    assert module.revision == revision
    assert texts(host) == ["chatty starts, word = hello"]
    verdict = host.process(Message(to="bob"))
    assert verdict.result is Result.CONSUMED
    assert [record.text for record in verdict.logs] == ["to bob"]


@both
def test_a_refused_offer_says_nothing_to_the_log_handler_either(
    sdk: Sdk, revision: Revision
) -> None:
    records: list[LogRecord] = []
    with Host(log=records.append) as host:
        host.load("chatty", sdk(revision, "chatty_init", *UNTOLD), config={"word": "hello"})
        assert [record.text for record in records] == ["chatty starts, word = hello"]
        host.process(Message(to="bob"))
        assert [record.text for record in records[1:]] == ["to bob"]


@both
def test_an_init_that_refuses_all_offers(host: Host, sdk: Sdk, revision: Revision) -> None:
    """What it said of each is in the error: one of them is the reason."""
    path = sdk(revision, "chatty_init", *UNTOLD)
    with pytest.raises(LoadError) as caught:
        host.load("chatty", path)
    said = [record.text for record in caught.value.logs]
    other = {"sdk2019": (176, 192), "sdk2020": (192, 176)}[revision]
    size = f"size does not match: expected {other[0]}, found {other[1]}"
    starts = "chatty starts, word = (null)"
    reason = "no word in the configuration"
    in_order = [[starts, size], [starts, reason]]
    if revision == Revision.SDK2020:
        in_order.reverse()
    assert said == list(itertools.chain(*in_order))
    assert texts(host) == said
    assert host.modules == ()


@both
def test_a_refusal_is_not_offered_again(host: Host, sdk: Sdk, revision: Revision) -> None:
    """Where the revision is known, there is one offer."""
    with pytest.raises(LoadError) as caught:
        host.load("chatty", sdk(revision, "chatty_init"))
    assert str(caught.value) == (
        f"cannot load module 'chatty' from {sdk(revision, 'chatty_init')}\n"
        "  expected mesibo_module_chatty_init_init to return 0, it returned -1\n"
        "  hint: an init refuses when version, signature or size are not those it was compiled "
        f"for: compile it against include/{revision}/module.h, and read what it logged\n"
        "  it logged: chatty starts, word = (null)\n"
        "  it logged: no word in the configuration"
    )


def test_a_library_of_several_revisions(host: Host, sdk: Sdk, tmp_path: Path) -> None:
    """Its tags contradict each other: an init that was told otherwise would be asked in vain."""
    other = tmp_path / "note.h"
    other.write_text(note("doc2019"))
    path = sdk(Revision.SDK2020, "bare", "-include", str(other))
    with pytest.raises(LoadError) as caught:
        host.load("bare", path)
    assert str(caught.value) == (
        f"cannot load module 'bare' from {path}: of a revision that this host does not load\n"
        "  expected doc2019, sdk2019, sdk2020, found doc2019 or sdk2020 (told by its undecided)\n"
        "  hint: compile it against a header of doc2019, sdk2019, sdk2020"
    )
    assert host.load("bare", path, revision="sdk2020").revision == "sdk2020"


@pytest.mark.parametrize("optimised", [C, VENDOR], ids=["c", "vendor"])
@pytest.mark.parametrize(
    ("options", "known"),
    [
        ((), True),
        ((UNTAGGED,), True),
        ((UNTAGGED, "-DOCTOBER"), False),
        (UNTOLD, False),
        ((*UNTOLD, "-DTHREAD"), True),
    ],
    ids=["tag", "dwarf", "october", "untold", "thread"],
)
def test_the_word_synchronous(
    sdk: Sdk, optimised: tuple[str, ...], options: tuple[str, ...], known: bool
) -> None:
    """The header of October 2019 had it not: reading it would read what lies behind the struct, a 1
    here. Only a request that is synchronous is answered inside the call."""
    path = sdk(Revision.SDK2019, "options", *options, command=optimised)
    assert inspect(path).has_synchronous is known
    with Host(http=lambda request: HttpResponse()) as host:
        host.load("options", path)
        verdict = host.process(Message("http://nowhere/"))
        assert host.wait_idle(60)
        inside, behind = [record.text for record in verdict.logs], texts(host)
    expected = (["answered", "asked"], []) if known else (["asked"], ["answered"])
    assert (inside, behind) == expected


# ---- The caller's word ---------------------------------------------------------------------------


@both
@pytest.mark.parametrize("options", [(), UNTOLD], ids=["tagged", "untold"])
def test_the_callers_word_is_right(
    host: Host, sdk: Sdk, revision: Revision, options: tuple[str, ...]
) -> None:
    path = sdk(revision, "chatty_init", *options)
    module = host.load("chatty", path, revision=revision, config={"word": "hello"})
    assert module.revision == revision
    assert texts(host) == ["chatty starts, word = hello"]


@both
@pytest.mark.parametrize(
    ("options", "told_by"), [((), "tag"), ((UNTAGGED,), "dwarf")], ids=["tag", "dwarf"]
)
@pytest.mark.parametrize("wrong", ["doc2019", "sdk2019", "sdk2020"])
def test_the_library_knows_better(
    host: Host, sdk: Sdk, revision: Revision, options: tuple[str, ...], told_by: str, wrong: str
) -> None:
    """This init checks nothing: it would take the wrong struct, and crash in its first callback."""
    path = sdk(revision, "trusting", *options)
    if wrong == revision:
        assert host.load("right", path, revision=wrong).revision == revision
        return
    with pytest.raises(LoadError) as caught:
        host.load("wrong", path, revision=wrong)
    assert str(caught.value) == (
        f"cannot load module 'wrong' from {path}: not of the revision given\n"
        f"  expected {wrong}, found {revision} (told by its {told_by})\n"
        "  hint: leave revision= out, or load the library that was meant"
    )


@both
def test_the_other_sdk_is_refused_by_the_init(host: Host, sdk: Sdk, revision: Revision) -> None:
    (wrong,) = set(REVISIONS) - {revision}
    sizes = {"sdk2019": 176, "sdk2020": 192}
    with pytest.raises(LoadError) as caught:
        host.load("chatty", sdk(revision, "chatty_init", *UNTOLD), revision=wrong)
    assert str(caught.value).endswith(
        "\n  it logged: chatty starts, word = (null)\n"
        f"  it logged: size does not match: expected {sizes[revision]}, found {sizes[wrong]}"
    )
    assert host.modules == ()


@both
def test_doc2019_said_of_an_sdk_module(
    host: Host, sdk: Sdk, revision: Revision, capfd: pytest.CaptureFixture[str]
) -> None:
    """It follows a number as a pointer, in a child process."""
    path = sdk(revision, "trusting", *UNTOLD)
    with pytest.raises(LoadError) as caught:
        host.load("trusting", path, revision="doc2019")
    assert str(caught.value) == (
        f"cannot load module 'trusting' from {path}\n"
        "  expected mesibo_module_trusting_init to return when it is called as doc2019 says; tried "
        "in a child process, it ended with SIGSEGV\n"
        "  hint: nothing in the library says that it is doc2019: give the revision that it was "
        "compiled for with revision=, or compile it against a header of mesibo_abi"
    )
    assert capfd.readouterr() == ("", "")
    assert host.load("right", path, revision=revision).revision == revision


@pytest.mark.parametrize("wrong", REVISIONS)
def test_an_sdk_revision_said_of_a_doc2019_module(
    host: Host, built: Built, wrong: Revision
) -> None:
    path = built("events", UNTAGGED, "-g0", "-s")
    with pytest.raises(LoadError) as caught:
        host.load("events", path, revision=wrong)
    assert f"to return when it is called as {wrong} says; tried in a child" in str(caught.value)
    assert host.load("events", path).revision == "doc2019"


@both
@pytest.mark.parametrize("optimised", ["-O0", "-O2"])
def test_an_init_that_acts_before_it_checks(
    host: Host, sdk: Sdk, revision: Revision, optimised: str
) -> None:
    """What it does when it is offered the other revision leaves no trace."""
    path = sdk(revision, "early", *UNTOLD, optimised)
    module = host.load("early", path, config={"words": "spam,eggs,ham"})
    assert module.revision == revision
    assert texts(host) == ["json: b", "word: spam", "word: eggs", "word: ham"]
    assert list(host.sent) == [Message(b"up", to="admin", from_=None, id=7, module="early")]


# ---- What the host checks itself -----------------------------------------------------------------


@both
def test_a_module_that_writes_behind_its_struct(host: Host, sdk: Sdk, revision: Revision) -> None:
    size = {"sdk2019": 176, "sdk2020": 192}[revision]
    with pytest.raises(LoadError) as caught:
        host.load("overrun", sdk(revision, "overrun"))
    damage = f"at byte {size} (behind the struct), found 0x1111\n"
    assert damage in str(caught.value)
    module = host.load("overrun", sdk(revision, "overrun", "-DMESSAGE"))
    verdict = host.process(Message())
    assert (verdict.result, verdict.by) == (Result.FAIL, module)
    assert isinstance(verdict.error, StructChanged)
    assert damage in str(verdict.error)


@both
def test_a_missing_symbol(host: Host, sdk: Sdk, revision: Revision) -> None:
    path = sdk(revision, "missing_symbol")
    with pytest.raises(LoadError) as caught:
        host.load("missing", path)
    assert str(caught.value) == (
        f"cannot load module 'missing' from {path}\n"
        "  expected every symbol to be defined, spell_checker_open is not: "
        f"{path}: undefined symbol: spell_checker_open\n"
        "  hint: link the library that defines it (-l...), or compile the source that does"
    )
