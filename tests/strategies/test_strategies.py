"""What the strategies make: what the contract allows, within what they were told."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from mesibo_abi import HttpResponse, Message, Revision, User
from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing.case import Case, Reload, Reply
from mesibo_abi.fuzzing.wire import decode, encode
from mesibo_abi.strategies import (
    addresses,
    cases,
    configs,
    events,
    http_responses,
    kinds_of,
    messages,
    params,
    payloads,
    replies,
)
from mesibo_abi.types import WORDS

QUICK = settings(
    database=None,
    suppress_health_check=list(HealthCheck),
    max_examples=5000,
    deadline=None,
    phases=[Phase.generate],
)
SOME = settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)


def finds(strategy: st.SearchStrategy[Any], wanted: Any) -> Any:
    """One that is `wanted`; NoSuchExample fails the test."""
    return find(strategy, wanted, settings=QUICK)


@given(data=st.data(), least=st.integers(0, 40), more=st.integers(0, 400))
@SOME
def test_payloads_have_the_size_that_was_asked_for(
    data: st.DataObject, least: int, more: int
) -> None:
    payload = data.draw(payloads(min_size=least, max_size=least + more, words=["word", "ä" * 9]))
    assert least <= len(payload) <= least + more


@given(payloads(text=True, min_size=3, max_size=60, words=["ä", b"\xff"], nul=False))
@SOME
def test_payloads_that_are_text_are(payload: bytes) -> None:
    assert 3 <= len(payload) <= 60
    assert "\0" not in payload.decode()


@pytest.mark.parametrize(
    "wanted",
    [
        lambda payload: payload == b"magic word",
        lambda payload: payload == b"MAGIC WORD",
        lambda payload: payload == b"magic wor",
        lambda payload: payload.startswith(b"magic word") and len(payload) > 20,
        lambda payload: b"%n" in payload,
        lambda payload: b"\0" in payload,
        lambda payload: len(payload) == 257,
        lambda payload: len(payload) == 4096,
        lambda payload: payload == b"",
    ],
    ids=range(9),
)
def test_payloads_are_where_modules_break(wanted: Any) -> None:
    assert wanted(finds(payloads(words=["magic word"]), wanted))


@given(addresses(max_size=4, words=["longer than that", "bo"]))
@SOME
def test_addresses_have_at_most_the_size_that_was_asked_for(address: str | bytes | None) -> None:
    assert address is None or len(address) <= 4


@pytest.mark.parametrize("words", [[], ["magic word"]], ids=["", "words"])
def test_the_simplest_payload_is_the_shortest(words: list[str]) -> None:
    shrinking = settings(QUICK, phases=[Phase.generate, Phase.shrink])
    for least in (0, 3):
        made = payloads(words=words, min_size=least)
        assert len(find(made, lambda _: True, settings=shrinking)) == least


def test_payloads_of_no_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"cannot have 5 to 4 bytes: expected 0 <= min_size"):
        payloads(min_size=5, max_size=4)


@given(addresses(words=["carol", b"a\0b"]))
@SOME
def test_addresses_can_be_those_of_a_message(address: bytes | str | None) -> None:
    Message(b"", to=address, from_=address)


def test_addresses_are_of_the_module_or_long_or_none() -> None:
    assert finds(addresses(words=["carol"]), lambda address: address == "carol") == "carol"
    assert finds(addresses(), lambda address: address is None) is None
    assert finds(addresses(), lambda address: address is not None and len(address) > 256)


@given(addresses(text=True, none=False))
@SOME
def test_addresses_that_are_text_are(address: str) -> None:
    assert isinstance(address, str)
    address.encode()


@given(messages(to="bob", id=st.integers(1, 9), words=["x"]))
@SOME
def test_fields_that_are_given_are_kept_or_drawn(message: Message) -> None:
    assert message.to == "bob"
    assert 1 <= message.id <= 9


@pytest.mark.parametrize("name", WORDS)
def test_every_word_is_drawn(name: str) -> None:
    assert finds(params(), lambda fields: fields.get(name, 0) > 2)[name] > 2


def test_words_are_also_at_their_end() -> None:
    assert finds(params(), lambda fields: 2**64 - 1 in fields.values())


@given(params(revision="doc2019"))
@SOME
def test_params_have_the_words_of_the_revision(fields: Any) -> None:
    assert not {"status", "sid", "device"} & set(fields)


@given(messages(payload="fixed", **dict.fromkeys(WORDS, 3), to=None, from_=None))  # type: ignore[arg-type]
@SOME
def test_everything_may_be_given(message: Message) -> None:
    assert [getattr(message, name) for name in WORDS] == [3] * len(WORDS)
    assert (message.payload, message.to, message.from_) == (b"fixed", None, None)


def test_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="a message has no field 'too': expected aid, device"):
        messages(too="bob")


@given(params(to_online=1))
@SOME
def test_the_older_name_of_a_word_is_that_word(fields: Any) -> None:
    assert Message(b"", **fields).uflags == 1


@given(configs({"a": "1", "b": None}, names=["c"], words=["w"]))
@SOME
def test_configurations_have_items_of_these_names(config: dict[str, str]) -> None:
    assert set(config) <= {"a", "b", "c"}
    assert all(isinstance(value, str) and "\0" not in value for value in config.values())


def test_configurations_are_complete_or_not_and_usual_or_not() -> None:
    assert finds(configs({"a": "1"}), lambda config: config == {}) == {}
    assert finds(configs({"a": "1"}), lambda config: config == {"a": "1"})
    assert finds(configs({"a": "1"}, complete=True), lambda config: len(config["a"]) > 255)
    usual = configs({"a": "1", "b": st.sampled_from("xy")}, complete=True, usual=True)
    found = finds(usual, lambda _: True)
    assert found["a"] == "1"
    assert found["b"] in ("x", "y")


@pytest.mark.parametrize("revision", list(Revision))
def test_every_kind_of_event_of_a_revision_is_drawn(revision: Revision) -> None:
    count = {Revision.DOC2019: 4, Revision.SDK2019: 5, Revision.SDK2020: 6}[revision]
    for kind in tuple(EventKind)[:count]:
        event = finds(events(revision=revision), lambda event, kind=kind: event.kind is kind)
        assert isinstance(event, Event)
    with pytest.raises(ValueError, match="has no event 'nap': expected message, status, call"):
        events(revision=revision, kinds=["nap"])


def test_events_of_one_kind_only() -> None:
    event = finds(events(revision="sdk2020", kinds=["login"]), lambda _: True)
    assert event.kind is EventKind.LOGIN
    assert isinstance(event.user, User)
    with pytest.raises(ValueError, match="sdk2019 has no event 'config'"):
        events(revision="sdk2019", kinds=["message", "config"])
    with pytest.raises(ValueError, match="no event of no kind"):
        events(kinds=[])


@given(events(kinds=["status"], status=2, id=7, to="bob"))
@SOME
def test_statuses_are_of_the_code_that_is_given(event: Event) -> None:
    assert event.status == 2
    assert event.message is not None
    assert (event.message.id, event.message.to, event.message.status) == (7, "bob", 0)


@given(events(kinds=["config"], type=st.sampled_from([3, 4]), data=st.sampled_from(["ä", None])))
@SOME
def test_config_events_are_of_the_type_and_the_data_that_are_given(event: Event) -> None:
    assert event.type in (3, 4)
    assert event.data in ("ä".encode(), None)


@given(events(kinds=["config"], text=True, words=[b"\xff\xfe"]))
@SOME
def test_data_that_is_text_is(event: Event) -> None:
    assert event.data is None or event.data.decode() is not None


@given(events(kinds=["login", "message"], user=User("alice"), payload="said", type=3, status=9))
@SOME
def test_a_field_is_that_of_the_kinds_that_have_it(event: Event) -> None:
    if event.kind is EventKind.LOGIN:
        assert event.user == User("alice")
    else:
        assert event.message is not None
        assert event.message.payload == b"said"
        assert (event.message.type, event.message.status) == (3, 9)


def test_what_is_not_given_is_drawn() -> None:
    assert finds(events(kinds=["config"]), lambda event: event.data is None and event.type > 255)
    assert finds(events(kinds=["config"]), lambda event: event.data is not None)
    assert finds(events(kinds=["status"]), lambda event: event.status == 3)
    none = events(kinds=["config"], data=None)
    assert finds(none, lambda event: event.type == 3).data is None


def test_a_field_that_no_event_has_is_refused() -> None:
    with pytest.raises(TypeError) as caught:
        events(use=User("alice"))
    assert str(caught.value) == (
        "an event has no field 'use': expected aid, data, device, expiry, flags, from_, groupid, "
        "id, module, refid, sid, status, to, to_online, type, uflags, user; name one of them"
    )


def test_a_user_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError) as caught:
        events(user="alice")
    assert str(caught.value) == (
        "user is 'alice': expected a mesibo_abi.User or a strategy for them; such as "
        "user=User('alice')"
    )


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: events(kinds="message"), "kinds"),
        (lambda: events(kinds=EventKind.MESSAGE), "kinds"),
        (lambda: configs(names="message"), "names"),
        (lambda: configs(words="message"), "words"),
        (lambda: messages(words="message"), "words"),
        (lambda: addresses(words="message"), "words"),
        (lambda: http_responses(words="message"), "words"),
        (lambda: cases(words="message"), "words"),
    ],
    ids=["kinds", "kind", "names", "configs", "messages", "addresses", "http_responses", "cases"],
)
def test_one_text_in_place_of_several_is_refused(made: Any, words: str) -> None:
    with pytest.raises(TypeError) as caught:
        made()
    assert str(caught.value) == (
        f"{words} is of the wrong type: expected several, got 'message'; pass a list, ['message']"
    )


def test_the_kinds_of_callbacks() -> None:
    assert kinds_of({"on_login", "on_message"}) == (EventKind.MESSAGE, EventKind.LOGIN)
    assert kinds_of(()) == ()


@given(http_responses(statuses=[200, 503], max_size=64, words=["answer"]))
@SOME
def test_responses_are_what_a_handler_answers(response: HttpResponse) -> None:
    assert response.status in (200, 503)
    assert len(response.body) <= 64


def test_responses_have_keys_that_the_module_looks_for() -> None:
    def has_key(response: HttpResponse) -> bool:
        return b'"translation": "' in response.body

    assert has_key(finds(http_responses(words=["translation"]), has_key))
    assert finds(http_responses(body=b"this"), lambda _: True).body == b"this"
    assert finds(http_responses(), lambda response: response.body.endswith(b'{"a": '))


def test_replies_are_whole_or_cut() -> None:
    assert finds(replies(), lambda reply: reply.fails and reply.piece == 1).piece == 1
    for _ in range(3):
        assert not finds(replies(whole=True), lambda reply: len(reply.data) > 3).fails


@given(cases(revision="sdk2020", max_steps=5, config=configs(names=["a"])))
@SOME
def test_cases_are_such_as_can_be_written_down(case: Case) -> None:
    assert len(case.steps) <= 5
    assert len(decode(encode(case)).steps) == len(case.steps)


def test_cases_have_steps_of_all_kinds_and_only_those_that_are_wanted() -> None:
    for kind in (Event, Reply, Reload):
        assert finds(cases(), lambda case, kind=kind: isinstance((*case.steps, 0)[0], kind))
    narrow = cases(asks=False, reloads=False, kinds=["call"])
    assert finds(narrow, lambda case: len(case.steps) == 2).steps == (Event(EventKind.CALL),) * 2


def test_without_hypothesis_it_is_said_what_to_install() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "try:\n    import mesibo_abi.machine\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    for what in ("machine", "strategies"):
        done = subprocess.run(
            [sys.executable, "-P", "-c", code.replace("machine", what)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == (
            "Error mesibo_abi.strategies cannot be imported\n"
            "  expected Hypothesis to be installed, it is not\n"
            "  hint: pip install 'mesibo_abi[fuzz]'\n"
        )


def test_cases_that_are_made_up_have_a_few_items_of_those_that_may_be() -> None:
    from mesibo_abi.fuzzing.lives import made_up
    from mesibo_abi.strategies import Vocabulary

    names = [f"word{number}" for number in range(200)]
    made = made_up(50, 7, Vocabulary(), Revision.SDK2020, ["on_message"], ("log",), ["log", *names])
    items = [set(case.config) - {"log"} for case in made]
    assert {len(each) for each in items} == {0, 1, 2, 3}
    assert any("log" in case.config for case in made)


def test_cases_that_are_made_up_are_the_same_for_the_same_number() -> None:
    from mesibo_abi.fuzzing.lives import made_up
    from mesibo_abi.strategies import Vocabulary

    def drawn(number: int) -> list[Case]:
        return made_up(5, number, Vocabulary(), Revision.DOC2019, ["on_message"], ())

    assert [encode(case) for case in drawn(7)] == [encode(case) for case in drawn(7)]
    assert [encode(case) for case in drawn(7)] != [encode(case) for case in drawn(8)]
