"""Lines as columns: they say what the same lines say one by one, to the byte."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import BatchResult, Host, InputError, Message, Module, OnFailure
from mesibo_abi.cli.columns import Reader
from mesibo_abi.cli.interrupt import Interrupt
from mesibo_abi.cli.records import verdict_record
from mesibo_abi.cli.session import Session
from mesibo_abi.cli.source import Source
from mesibo_abi.cli.tally import Tally
from mesibo_abi.cli.writers import JsonLines, Writer
from mesibo_abi.records import RecordFault, read_event
from mesibo_abi.types import WORDS, Batch
from tests.batches import Moody
from tests.conftest import Built
from tests.tools import needs

pytestmark = needs("cc")

# ---- Lines: mostly of messages with the same fields ----------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MOODS = st.builds(lambda text, mood: text + mood, TEXT, st.sampled_from("01234567"))
ADDRESS = st.sampled_from(["alice", "bob", "", None, "böb"]) | st.none() | TEXT
WORD = st.sampled_from([0, 1, 7, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
WORD_NAMES = (*WORDS, "to_online")

USUAL: dict[str, st.SearchStrategy[Any]] = {
    "event": st.just("message"),
    "message": MOODS,
    "to": ADDRESS,
    "from": ADDRESS,
    **dict.fromkeys(WORD_NAMES, WORD),
}
ODD: dict[str, st.SearchStrategy[Any]] = {
    "message": st.none() | st.integers() | st.just("half a pair \ud800"),
    "message_base64": st.sampled_from(["", "/w==", "aGk=", "?"]) | st.none(),
    "to_base64": st.sampled_from(["", "/w==", "AA=="]),
    "to": st.sampled_from(["a\0b", 1, ["bob"], {"a": {}}]),
    "from": st.sampled_from(["\0", True]),
    "module": st.sampled_from(["moody", None, 3]),
    "event": st.sampled_from(["status", "call", "login", "verdict", "Message", None]),
    "address": TEXT,
    "line": st.integers(0, 3),
    "unknown": TEXT,
    "id": st.sampled_from([-1, 2**64, 10**30, 1.0, 1.5, "1", None, False]),
    "uflags": WORD,
    "to_online": WORD,
}
RAW = st.sampled_from([b"", b"  ", b"{", b"[]", b"{} {}", b'{"to": "\xff"}', b"[" * 5000, b"null"])


@st.composite
def lines(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]], names: list[str]) -> bytes:
    """A line with these fields, escaped and spaced in one way or another."""
    ascii_only, colon = draw(st.booleans()), draw(st.sampled_from([":", ": ", " :\t"]))
    pairs = [
        json.dumps(name) + colon + json.dumps(draw(fields[name]), ensure_ascii=ascii_only)
        for name in names
    ]
    text = "{" + ",".join(pairs) + "}" + draw(st.sampled_from(["", " ", "\r"]))
    return text.encode(errors="surrogatepass")


NAMES = st.lists(st.sampled_from(sorted(USUAL)), unique=True).flatmap(
    lambda names: st.permutations([*names, "message"]) if "message" not in names else st.just(names)
)


def usual_lines(names: list[str]) -> st.SearchStrategy[bytes]:
    return lines(USUAL, names)


def odd_lines(names: list[str]) -> st.SearchStrategy[bytes]:
    """With a field that few have, or one that is given twice, or no JSON at all."""
    odd = st.lists(st.sampled_from(sorted(ODD)), min_size=1, max_size=2)
    return RAW | odd.flatmap(
        lambda more: st.one_of(
            lines({**USUAL, **ODD}, [*names, *more]),
            lines(
                {**ODD, **USUAL, "id": ODD["id"], "to": ODD["to"]},
                [*names, *(set(more) & USUAL.keys())],
            ),
        )
    )


@st.composite
def files(draw: st.DrawFn) -> list[bytes]:
    """Long runs of what is usual, and odd lines in between."""
    names = draw(NAMES)
    found: list[bytes] = []
    for _ in range(draw(st.integers(1, 4))):
        some = draw(st.lists(usual_lines(names), min_size=1, max_size=5))
        found += some * draw(st.integers(1, 12))
        found += draw(st.lists(odd_lines(names), max_size=3))
        names = draw(st.just(names) | NAMES)
    return found


# ---- Runs ----------------------------------------------------------------------------------------


class OneByOne:
    """Writes the same lines, and takes nothing but single verdicts."""

    def __init__(self, stream: io.BytesIO) -> None:
        lines = JsonLines(stream)
        self.verdict, self.sent, self.log = lines.verdict, lines.sent, lines.log
        self.flush, self.close = lines.flush, lines.close


class Counting(Host):
    """Knows how many batches it was given."""

    batches = 0

    def process_batch(self, batch: Batch, *, threads: int = 1) -> BatchResult:
        self.batches += 1
        return super().process_batch(batch, threads=threads)


Load: TypeAlias = Callable[[Host, str], object]
LINKS = st.lists(st.sampled_from(["echo", "result", "const_write", "rewrite", "moody"]), max_size=4)


@pytest.fixture(scope="module")
def load(built: Built, rewriting: Path) -> Load:
    def load(host: Host, name: str) -> object:
        if name == "moody":
            return host.load(name, Moody)
        return host.load(name, rewriting if name == "rewrite" else built(name))

    return load


@contextmanager
def chain_of(load: Load, links: Sequence[str], policy: OnFailure) -> Iterator[Counting]:
    with Counting(on_failure=policy) as host:
        for name in links:
            load(host, name)
        yield host


def run(
    host: Host, path: Path, writer: Writer, stream: io.BytesIO, *, logs: bool
) -> tuple[list[bytes], list[str], Tally]:
    """The lines that were written, what was reported, and what it came to."""
    tally = Tally()
    reported: list[str] = []
    with Source(path) as source:
        session = Session(
            host,
            writer,
            tally,
            Interrupt(),
            logs=logs,
            keep_going=True,
            report=reported.append,
            progress=lambda done, messages: None,
        )
        session.feed(source)
        session.finish(1)
    written = re.sub(rb'"time":[^,]*,"thread":\d+', b"", stream.getvalue())
    return written.splitlines(), reported, dataclasses.replace(tally, busy=0)


@pytest.mark.slow
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(found=files(), links=LINKS, policy=st.sampled_from(OnFailure), logs=st.booleans())
def test_a_file_as_columns_and_line_by_line(
    load: Load,
    tmp_path: Path,
    found: list[bytes],
    links: list[str],
    policy: OnFailure,
    logs: bool,
) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in found))
    stream, alone = io.BytesIO(), io.BytesIO()
    with chain_of(load, links, policy) as host:
        expected = run(host, path, OneByOne(alone), alone, logs=logs)
        assert host.batches == 0
    with chain_of(load, links, policy) as host:
        assert run(host, path, JsonLines(stream), stream, logs=logs) == expected


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(line=NAMES.flatmap(lambda names: st.one_of(usual_lines(names), odd_lines(names))))
def test_a_line_as_columns_and_by_itself(line: bytes) -> None:
    messages = Reader().read(7, [line])
    if len(messages) == 0:
        return
    with Host() as host:
        try:
            result = host.process_batch(messages.table())
        except (InputError, OverflowError):
            with pytest.raises(RecordFault):
                read_event(line)
            return
        (record,) = messages.records(result, logs=False)
        event = read_event(line)
        assert event.message is not None
        expected = verdict_record(7, event, host.process(event.message))
        assert msgspec.json.encode(record) == msgspec.json.encode(expected)


@settings(deadline=None)
@given(data=st.data())
def test_what_is_usual_is_read_as_columns(data: st.DataObject) -> None:
    names = data.draw(NAMES.filter(lambda names: not {"uflags", "to_online"} <= {*names}))
    found = data.draw(st.lists(usual_lines(names), min_size=1, max_size=20))
    assert len(Reader().read(1, found)) == len(found)


@pytest.mark.parametrize(
    "line",
    [
        b'{"event": "status", "status": 2}',
        b'{"event": "verdict"}',
        b'{"event": null}',
        b'{"message": null}',
        b'{"message_base64": "aGk="}',
        b'{"to_base64": "aGk="}',
        b'{"module": "echo"}',
        b'{"line": 1}',
        b'{"id": 1.5}',
        b'{"uflags": 1, "to_online": 1}',
        b'{"to": "\xff"}',
        b'{"message": "\\ud800"}',
        b"[]",
        b"{} {}",
        b"",
    ],
)
def test_what_is_for_read_event(line: bytes) -> None:
    found = [b'{"id": 1}', line, b'{"id": 2}']
    assert len(Reader().read(1, found)) == 1
    assert len(Reader().read(2, found[1:])) == 0


def test_the_fields_of_all_lines_so_far() -> None:
    reader = Reader()
    first, second, third = b'{"id": 1}', b'{"message": "hi", "flags": 2}', b'{"module": "m"}'
    assert len(reader.read(1, [first, first, second])) == 2
    assert len(reader.read(3, [second, first, second, third, first])) == 3
    assert len(reader.read(6, [third])) == 0
    assert len(reader.read(7, [first, second])) == 2


@pytest.fixture
def leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing takes long, however busy the machine is."""
    monkeypatch.setattr("mesibo_abi.cli.pace.TICK", math.inf)


@pytest.mark.usefixtures("leisure")
def test_a_long_file_takes_few_batches(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b'{"from": "alice", "to": "bob", "id": 1, "message": "hi"}\n' * 2_000)
    stream = io.BytesIO()
    with chain_of(load, ["echo"], OnFailure.STOP) as host:
        written, reported, tally = run(host, path, JsonLines(stream), stream, logs=False)
        assert host.batches == 11
    assert [json.loads(line)["line"] for line in written] == list(range(1, 2_001))
    assert reported == []
    assert tally == Tally(messages=2_000, passed=2_000, sent=2_000)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b'{"id": 18446744073709551616}', ":51:2: the field `id` does not fit\n"),
        (b'{"id": -1}', ":51:2: the field `id` does not fit\n"),
        (b'{"to": "a\\u0000b"}', ":51:2: the address in `to` has a NUL in it\n"),
        (b'{"id": "1"}', ":51:2: the field `id` is of the wrong type\n"),
    ],
)
def test_a_bad_line_in_the_midst_of_many(
    load: Load, tmp_path: Path, bad: bytes, words: str
) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b'{"id": 1}\n' * 50 + bad + b"\n" + b'{"id": 1}\n' * 50)
    stream = io.BytesIO()
    with chain_of(load, ["echo"], OnFailure.STOP) as host:
        written, reported, tally = run(host, path, JsonLines(stream), stream, logs=False)
    assert [json.loads(line)["line"] for line in written] == [*range(1, 51), *range(52, 102)]
    assert [report.partition("\n")[0] + "\n" for report in reported] == [f"{path}{words}"]
    assert (tally.messages, tally.bad_lines) == (100, 1)


class Caller(Module):
    """Calls what it is told to at the message 50."""

    def __init__(self) -> None:
        self.called: Callable[[], object] = lambda: None

    def on_message(self, message: Message) -> None:
        if message.id == 50:
            self.called()


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("leisure")
@pytest.mark.parametrize("hangs", [True, False])
def test_what_is_under_way_has_no_verdict(tmp_path: Path, hangs: bool) -> None:
    """Neither where a module hangs and the session is abandoned, nor after an interrupt in it."""
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"".join(b'{"id": %d}\n' % number for number in range(1, 64)))
    stream = io.BytesIO()
    reported: list[str] = []
    module = Caller()
    with Host() as host, Source(path) as source:
        host.load("caller", module)
        session = Session(
            host,
            JsonLines(stream),
            Tally(),
            Interrupt(),
            logs=False,
            keep_going=False,
            report=reported.append,
            progress=lambda done, messages: None,
        )
        written = b""

        def abandon() -> None:
            nonlocal written
            session.abandon()
            written = stream.getvalue()

        module.called = abandon if hangs else interrupt
        with nullcontext() if hangs else pytest.raises(KeyboardInterrupt):
            session.feed(source)
    lines = (written if hangs else stream.getvalue()).splitlines()
    assert [json.loads(line)["line"] for line in lines] == list(range(1, 32))
    assert reported == [
        "warning: lines 32 to 63 are without a verdict, though some went through the modules: they "
        "were under way at once"
    ]
