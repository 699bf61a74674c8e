from __future__ import annotations

from hypothesis import given

from mesibo_abi import Message
from mesibo_abi.events import Event, EventKind
from mesibo_abi.fuzzing.case import Case, Reload, Reply
from mesibo_abi.fuzzing.minimising import minimise
from mesibo_abi.types import User
from tests.fuzzing.cases import CASES


def message(payload: bytes, **fields: int) -> Event:
    return Event(EventKind.MESSAGE, Message(payload).replace(**fields))


def test_what_does_not_matter_is_gone() -> None:
    case = Case(
        (
            Reload(),
            message(b"noise", id=9),
            Event(EventKind.LOGIN, user=User("alice", online=False, flags=3)),
            Reply(b"long body", status=404, content_type="text/plain", piece=3, fails=True),
            message(b"before MAGIC behind", id=7, flags=4),
        ),
        {"one": "1", "prefix": "a long one"},
    )

    def crashes(case: Case) -> bool:
        last = case.steps[-1] if case.steps else None
        return (
            isinstance(last, Event)
            and last.message is not None
            and b"MAGIC" in last.message.payload
            and last.message.flags != 0
            and len(case.config.get("prefix", "")) >= 4
        )

    assert minimise(case, crashes) == Case((message(b"MAGIC", flags=1),), {"prefix": "aaaa"})


def test_what_matters_stays_in_its_order() -> None:
    login = Event(EventKind.LOGIN, user=User("bob"))
    case = Case((login, message(b"x"), login, Reload(), login, Reload(), message(b"yy")))

    def crashes(case: Case) -> bool:
        kinds = [step.kind if isinstance(step, Event) else "reload" for step in case.steps]
        at = kinds.index("reload") if "reload" in kinds else 0
        return kinds[:at].count(EventKind.LOGIN) >= 2 and EventKind.MESSAGE in kinds[at:]

    plain = Event(EventKind.LOGIN, user=User(""))
    assert minimise(case, crashes) == Case((plain, plain, Reload(), message(b"")))


@given(CASES)
def test_it_ends_with_a_case_that_still_does(case: Case) -> None:
    assert minimise(case, lambda _: True) == Case()
    assert minimise(case, lambda other: other == case) == case


def test_without_time_it_is_as_it_was() -> None:
    case = Case((message(b"noise"),))
    assert minimise(case, lambda _: True, seconds=-1) == case
