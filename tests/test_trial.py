"""A module by itself: what it is offered and handed, what it did with that, and how its process
ended."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import site
import struct
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mesibo_abi import LoadError, Message, User
from mesibo_abi.bridge.fault import FaultRecord
from mesibo_abi.bridge.trial import Trial, layouts
from mesibo_abi.evidence import (
    Answer,
    AnswerKind,
    Area,
    Asked,
    Fault,
    Given,
    MisuseKind,
    Place,
    Service,
    Spill,
)
from mesibo_abi.symbols import places, read_maps, symbolize
from tests.conftest import Built
from tests.running import ROOT
from tests.tools import needs

pytestmark = needs("cc")

WRITES = 1
MESSAGE, PARAMS, TO, FROM, STRUCT, KEPT, EXIT = range(7)
SIZES = {"doc2019": (96, 80), "sdk2019": (176, 112), "sdk2020": (192, 136)}


def trial_of(path: Path, place: Place = Place.ROOMY) -> Trial:
    name = path.stem.removeprefix("mesibo_mod_")
    return Trial(
        label=name,
        path=path,
        entry=f"mesibo_module_{name}_init",
        revision="doc2019",
        items={},
        keep_mapped=False,
        has_synchronous=False,
        place=place,
    )


@pytest.fixture
def outside(built: Built) -> Path:
    return built("outside")


def touch(at: int, where: int = MESSAGE, flags: int = 0, text: str = "hello") -> Message:
    return Message(text, to="bob", from_="alice", id=at % 2**64, type=where, flags=flags)


@pytest.fixture(scope="module", autouse=True)
def nursery() -> Iterator[None]:
    """A process without threads, to fork off others from: this one may have those of modules of
    other tests, and what they have locked would stay locked in a child."""
    global _nursery
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(1, context, site.addsitedir, (str(ROOT),)) as _nursery:
        yield


_nursery: ProcessPoolExecutor


def ends(run: Callable[..., object], *args: Any, **options: Any) -> tuple[int, Fault | None]:
    """How a process ends that runs this."""
    return _nursery.submit(_ended, run, args, options).result()


def _ended(
    run: Callable[..., object], args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[int, Fault | None]:
    record = FaultRecord()
    child = os.fork()
    if child == 0:
        record.watch()
        run(*args, **options)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), record.found()


def call(path: Path, message: Message, **places: Any) -> int | None:
    trial = trial_of(path)
    trial.init()
    trial.place("on_message", message, **places)
    return trial.call()


@pytest.mark.parametrize("byte", [0x01, 0x55, 0xFF])
def test_a_record_that_was_written_over_tells_of_nothing(byte: int) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(bytes([byte]) * FaultRecord.SIZE)
        file.flush()
        assert FaultRecord(file.fileno()).found() is None


@pytest.mark.parametrize("field", range(3))
def test_a_record_of_more_than_there_is_room_for_tells_of_nothing(field: int) -> None:
    numbers = [0, 0, 0]
    numbers[field] = 1 << 30
    with tempfile.TemporaryFile() as file:
        file.truncate(FaultRecord.SIZE)
        file.write(struct.pack("=4iQ3I", 2, 11, 1, 1, 0, *numbers))
        file.flush()
        assert FaultRecord(file.fileno()).found() is None


# ---- Offers


@pytest.mark.parametrize(
    ("offer", "code"),
    [({}, 0), ({"size": 8}, -1), ({"size": -8}, -1), ({"signature": 1}, -1), ({"version": 2}, 0)],
)
def test_what_init_is_offered(outside: Path, offer: dict[str, int], code: int) -> None:
    trial = trial_of(outside)
    assert trial.code is None
    assert trial.init(**offer) == code
    assert trial.code == code
    assert trial.close()


def test_its_struct(outside: Path, built: Built) -> None:
    trial = trial_of(outside)
    trial.init()
    assert trial.changes() == []
    slots = trial.slots()
    assert slots["on_message"][1]
    assert slots["cleanup"] == (0, False)
    assert trial.cleanup() == 0
    other = trial_of(built("overwrite", '-DINIT="signature"'))
    other.init()
    assert [damage.field for damage in other.changes()] == ["signature"]


def test_what_cannot_be_opened(tmp_path: Path, outside: Path) -> None:
    path = tmp_path / "mesibo_mod_none.so"
    with pytest.raises(LoadError, match="the dynamic linker"):
        trial_of(path)
    path.write_bytes(outside.read_bytes())
    with pytest.raises(LoadError, match="expected the symbol mesibo_module_none_init"):
        trial_of(path)


@pytest.mark.parametrize("revision", SIZES)
def test_layouts(revision: str) -> None:
    module, params, *others = layouts(revision)
    assert (module.name, params.name) == ("mesibo_module_t", "mesibo_message_params_t")
    assert (module.size, params.size) == SIZES[revision]
    for layout in (module, params):
        assert [word.offset for word in layout.words] == list(range(0, layout.size, 8))
        assert all(word.name for word in layout.words)
    hosts = {word.name for word in module.words if not word.own}
    assert {"version", "signature"} <= hosts
    assert not {"flags", "on_message"} & hosts
    assert all(not other.words for other in others)


def test_layouts_of_no_revision() -> None:
    assert layouts("sdk1999") == ()


# ---- Guards


@pytest.mark.parametrize("size", [0, 1, 5, 4096, 5000])
@pytest.mark.parametrize("place", Place)
def test_all_of_a_message_may_be_read(outside: Path, place: Place, size: int) -> None:
    text = "x" * (size - 1) + "Z" if size else ""
    trial = trial_of(outside)
    trial.init()
    for at in {0, size - 1} if size else ():
        trial.place("on_message", touch(at, text=text), message_at=place)
        assert trial.call() == (at == size - 1)
    assert trial.spill() is None


AREAS = {MESSAGE: ("message", 5), PARAMS: ("params", 80), TO: ("to", 4), FROM: ("from", 6)}
KEYWORDS = {MESSAGE: "message_at", PARAMS: "params_at", TO: "addresses_at", FROM: "addresses_at"}


@pytest.mark.parametrize("where", AREAS)
@pytest.mark.parametrize("writes", [0, WRITES])
@pytest.mark.parametrize("place", [Place.AT_END, Place.AT_START])
def test_a_byte_too_far_is_a_fault(outside: Path, where: int, writes: int, place: Place) -> None:
    at = AREAS[where][1] if place is Place.AT_END else -1
    message = touch(at, where, writes)
    status, fault = ends(call, outside, message, **{KEYWORDS[where]: place})
    assert status == -signal.SIGSEGV
    assert fault is not None
    assert (fault.signal, fault.writing, fault.whole) == (signal.SIGSEGV, bool(writes), True)
    frames = symbolize(places(fault.frames[:1], read_maps(fault.maps)))
    assert frames[0].function == "on_message"
    assert frames[0].file == outside


@pytest.mark.parametrize("where", AREAS)
@pytest.mark.parametrize(("place", "at"), [(Place.AT_END, -1), (Place.AT_START, None)])
def test_on_the_other_side_what_is_written_is_seen(
    outside: Path, where: int, place: Place, at: int | None
) -> None:
    name, size = AREAS[where]
    at = size if at is None else at
    trial = trial_of(outside)
    trial.init()
    placing: dict[str, Any] = {KEYWORDS[where]: place}
    trial.place("on_message", touch(at, where, WRITES), **placing)
    trial.call()
    assert trial.spill() == Spill(name, at, ord("Z"))


def test_the_struct_is_guarded_as_well(outside: Path) -> None:
    trial = trial_of(outside, Place.AT_START)
    trial.init()
    trial.place("on_message", touch(96, STRUCT, WRITES))
    trial.call()
    assert trial.spill() is None
    assert trial.spill(of_struct=True) == Spill("the module struct", 96, ord("Z"))


def test_a_message_that_may_only_be_read(outside: Path) -> None:
    assert call(outside, touch(0), read_only=True) == 0
    status, fault = ends(call, outside, touch(0, flags=WRITES), read_only=True)
    assert (status, fault and fault.writing) == (-signal.SIGSEGV, True)


def call_twice(path: Path, *, seal: bool) -> None:
    trial = trial_of(path)
    trial.init()
    trial.place("on_message", touch(0))
    trial.call()
    if seal:
        trial.seal()
    trial.place("on_message", touch(0, KEPT))
    trial.call()


def test_what_is_sealed_cannot_be_touched(outside: Path) -> None:
    assert ends(call_twice, outside, seal=False) == (0, None)
    assert ends(call_twice, outside, seal=True)[0] == -signal.SIGSEGV


def test_areas_are_what_it_was_handed(outside: Path) -> None:
    trial = trial_of(outside)
    trial.init()
    trial.place("on_message", touch(0), message_at=Place.AT_END)
    areas = {area.name: area for area in trial.areas()}
    assert {name: area.size for name, area in areas.items()} == {
        "the module struct": 96,
        **dict(AREAS.values()),
    }
    message = areas["message"]
    assert isinstance(message, Area)
    assert message.low < message.start < message.start + message.size < message.high
    assert (message.read_only, message.sealed) == (False, False)
    trial.seal()
    assert all(area.sealed for area in trial.areas()[1:])


# ---- Other calls, mail, and the end


def test_a_callback_that_is_not_set(outside: Path) -> None:
    trial = trial_of(outside)
    trial.init()
    trial.place("on_call", None)
    assert trial.call() is None


def test_every_event_of_a_module(built: Built) -> None:
    trial = trial_of(built("events"))
    assert trial.init() == 0
    trial.place("on_message_status", Message(id=7), status=2, params_at=Place.AT_END)
    assert trial.call() is not None
    for callback in ("on_call", "on_call_status"):
        trial.place(callback, None)
        assert trial.call() is not None
    trial.place("on_login", None, user=User("alice"))
    assert trial.call() is None  # this revision has none


def test_what_it_logs_and_sends(built: Built) -> None:
    trial = trial_of(built("answer", "-DANSWER=42"))
    trial.init()
    trial.place("on_message", Message("hello"))
    trial.call()
    assert [record.text for record in trial.logs()] == ["42"]
    assert trial.logs() == []
    trial = trial_of(built("echo"))
    trial.init()
    trial.place("on_message", Message("hello", to="bob", from_="alice"), message_at=Place.AT_END)
    trial.call()
    assert [message.payload for message in trial.sent()] == [b"hello"]
    assert trial.sent() == []


def test_what_it_asks_of_the_network_fails_at_its_end(built: Built) -> None:
    trial = trial_of(built("fetch"))
    assert trial.init() == 0
    trial.place("on_message", Message("http://127.0.0.1:1/", to="bob", from_="alice"))
    trial.call()
    assert [record.text for record in trial.logs()] == ["http returned 0"]
    assert trial.sent() == []
    assert trial.cleanup() == 0
    (answer,) = trial.sent()
    assert (answer.expiry, answer.flags) == (2**64 - 1, 1)  # progress -1, and no buffer
    assert trial.close()


# ---- The network, and what it gives to host functions


def begun(fetch: Path, url: str = "http://127.0.0.1:1/\0", cancel: int = 0) -> Trial:
    """With one request open."""
    trial = trial_of(fetch)
    assert trial.init() == 0
    ask(trial, url, cancel)
    return trial


def ask(trial: Trial, url: str = "http://127.0.0.1:1/\0", cancel: int = 0) -> None:
    trial.place("on_message", Message(url, to="bob", from_="alice", refid=cancel))
    trial.call()


def seen(trial: Trial) -> list[tuple[bytes, int]]:
    """What each callback was given, and the progress."""
    return [(message.payload, message.expiry) for message in trial.sent()]


def body(data: bytes, progress: int = 100, piece: int = 0) -> Answer:
    return Answer(AnswerKind.BODY, data, progress, piece=piece)


def test_a_request_is_answered_by_a_plan(built: Built) -> None:
    trial = begun(built("fetch"))
    (asked,) = trial.asked()
    where = "http://127.0.0.1:1/"
    assert asked == Asked(asked.id, Service.HTTP, where, True, asked.callbacks)
    head = Answer(AnswerKind.HEADERS, b"HTTP/1.1 200 OK", status=200, content_type=b"text/plain")
    trial.plan([Answer(AnswerKind.REQUEST), head, body(b"hello", 50), body(b"there")])
    assert [area.name for area in trial.areas()][1:5] == [
        "the body",
        "the body",
        "the response_type",
        "the header",
    ]
    assert trial.play(asked.id) == 4
    assert seen(trial) == [(b"hello", 50), (b"there", 100)]  # this revision sees no more
    assert trial.asked() == []
    assert trial.play(asked.id) is None


def test_an_answer_in_pieces(built: Built) -> None:
    trial = begun(built("fetch"))
    trial.plan([body(b"hello", piece=2)])
    assert trial.play(trial.asked()[0].id) == 3
    assert seen(trial) == [(b"he", 1), (b"ll", 40), (b"o", 100)]


@pytest.mark.parametrize("answers", [[], [body(b"hello", 50)]])
def test_a_plan_without_an_end_fails(answers: list[Answer], built: Built) -> None:
    trial = begun(built("fetch"))
    trial.plan(answers)
    assert trial.play(trial.asked()[0].id) == len(answers) + 1
    assert seen(trial)[-1] == (b"", 2**64 - 1)


def test_the_module_may_cancel(built: Built) -> None:
    trial = begun(built("fetch"), cancel=1)
    trial.plan([body(b"hello", 50), body(b"there")])
    assert trial.play(trial.asked()[0].id) == 1
    assert seen(trial) == [(b"hello", 50)]
    assert trial.asked() == []


def test_the_oldest_request_is_first(built: Built) -> None:
    trial = begun(built("fetch"), "http://one/\0")
    ask(trial, "http://two/\0")
    one, two = trial.asked()
    assert (one.where, two.where) == ("http://one/", "http://two/")
    assert trial.play(one.id) == 1  # there is no plan: it fails
    assert trial.asked() == [two]
    assert trial.cleanup() == 0
    assert trial.asked() == []
    assert trial.close()


def touch_sealed(path: Path) -> None:
    trial = begun(path)
    trial.plan([body(b"hello", 50)], seal=True)
    (area,) = [area for area in trial.areas() if area.name == "the body"]
    trial.play(trial.asked()[0].id)
    assert seen(trial)[0] == (b"hello", 50)
    ctypes.string_at(area.start, 1)


def test_what_was_sealed_may_not_be_touched(built: Built) -> None:
    status, fault = ends(touch_sealed, built("fetch"))
    assert status == -signal.SIGSEGV
    assert fault is not None


def test_a_string_without_an_end_is_a_misuse(built: Built) -> None:
    trial = begun(built("fetch"), "http://127.0.0.1:1/")
    (misuse,) = trial.misuses()
    assert (misuse.kind, misuse.given) == (MisuseKind.UNTERMINATED, Given.REQUEST)
    assert (misuse.field, misuse.area, misuse.room) == ("url", "message", 19)
    frames = symbolize(places(misuse.frames, read_maps(Path("/proc/self/maps").read_text())))
    assert "on_message" in [frame.function for frame in frames]
    assert trial.misuses() == []
    assert len(trial.asked()) == 1  # there was a NUL, behind the message


def test_what_the_host_refuses_is_a_misuse(built: Built) -> None:
    trial = trial_of(built("bad_sends"))
    trial.init()
    trial.place("on_message", Message("hello", to="bob", from_="alice"))
    trial.call()
    misuses = trial.misuses()
    assert {misuse.kind for misuse in misuses} == {MisuseKind.REFUSED}
    assert [misuse.text.split(";")[0] for misuse in misuses] == [
        "send refused: params is NULL",
        "send refused: the message is NULL but said to have 1 bytes",
        "send refused: params have neither `to` nor `groupid`",
        "send refused: params have neither `to` nor `groupid`",
        "http refused: the url is empty",
    ]


def test_calls_after_the_end_are_misuses(built: Built) -> None:
    trial = trial_of(built("farewell"))
    trial.init()
    assert trial.cleanup() == 0
    kinds = [misuse.kind for misuse in trial.misuses()]
    assert kinds == [MisuseKind.REFUSED]  # http, which is refused as it ends
    assert trial.close()
    (late,) = trial.misuses()
    assert (late.kind, late.given) == (MisuseKind.LATE, Given.FORMAT)


def test_over_is_over(outside: Path) -> None:
    trial = trial_of(outside)
    assert trial.close()
    with pytest.raises(RuntimeError, match="the trial is over"):
        trial.init()
    with pytest.raises(TypeError, match="made once"):
        trial.__init__(
            label="x", path=outside, entry="x", revision="doc2019", items={},
            keep_mapped=False, has_synchronous=False, place=0,
        )  # fmt: skip


def test_exit_is_written_down(outside: Path) -> None:
    status, fault = ends(call, outside, touch(0, EXIT))
    assert status == 3
    assert fault is not None
    assert fault.signal == 0
    frames = symbolize(places(fault.frames, read_maps(fault.maps)))
    assert "on_message" in [frame.function for frame in frames if frame.file == outside]


def test_nothing_is_written_down_of_an_ordinary_end(outside: Path) -> None:
    assert ends(call, outside, touch(0)) == (0, None)
