"""`log`: how lines are formatted, kept, bounded, and passed on to Python's logging."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from mesibo_abi import Host, Limits, LoadError, LogRecord, Message, Module, Result
from tests.conftest import Built
from tests.services.recorder import wait_until


def test_lines_are_formatted_by_printf(host: Host, built: Built) -> None:
    before = time.time()
    host.load("logs", built("logs"), config={"log": "5"})
    records = host.process(Message("3")).logs
    assert [(record.level, record.text) for record in records] == [
        (0, "text| 3.14|7   |ff|!"),
        (1, "one\n"),  # one newline is taken off
        (5, "five"),
        (0, "xxx"),
        (0, r"bytes \xff\xfe"),
        (0, ""),
    ]
    for record in records:
        assert record.module == "logs"
        assert before - 1 <= record.time <= time.time() + 1
        assert record.thread == threading.get_native_id()


@pytest.mark.parametrize(("item", "levels"), [(None, 1), ("0", 1), ("1", 2), ("4", 2), ("5", 3)])
def test_levels_above_the_item_are_suppressed(
    host: Host, built: Built, item: str | None, levels: int
) -> None:
    host.load("logs", built("logs"), config={} if item is None else {"log": item})
    found = {record.level for record in host.process(Message("3")).logs}
    assert len(found) == levels


@pytest.mark.parametrize("size", [238, 239, 240, 241, 65000, 65535])
def test_long_lines_are_kept_whole(host: Host, built: Built, size: int) -> None:
    host.load("logs", built("logs"))
    assert host.process(Message(str(size))).logs[1].text == "x" * size


@pytest.mark.parametrize("size", [65536, 1_000_000])
def test_longer_ones_are_cut_and_say_so(host: Host, built: Built, size: int) -> None:
    host.load("logs", built("logs"))
    text = host.process(Message(str(size))).logs[1].text
    mark = f" [cut: {size} bytes in all]"
    assert text == "x" * (65535 - len(mark)) + mark


def test_python_modules_log_the_same(host: Host) -> None:
    class Talker(Module):
        def on_message(self, message: Message) -> Result:
            codes = [self.log("zero\n"), self.log("one", 1), self.log("two", level=2)]
            codes += [self.log("100 %s %n"), self.log("a\0b é"), self.log("y" * 100_000)]
            assert codes == [0] * 6
            return Result.PASS

    host.load("talker", Talker, config={"log": "1"})
    verdict = host.process(Message())
    assert verdict.error is None
    mark = " [cut: 100000 bytes in all]"
    assert [(record.level, record.text) for record in verdict.logs] == [
        (0, "zero"),
        (1, "one"),
        (0, "100 %s %n"),
        (0, r"a\0b é"),
        (0, "y" * (65535 - len(mark)) + mark),
    ]


def test_lines_reach_pythons_logging(
    host: Host, built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    host.load("my logs", built("logs"), config={"log": "5"})
    with caplog.at_level(logging.DEBUG, "mesibo_abi"):
        records = host.process(Message("3")).logs
    found = [entry for entry in caplog.records if entry.name == "mesibo_abi.module.my logs"]
    assert [entry.getMessage() for entry in found] == [record.text for record in records]
    assert [entry.levelno for entry in found[:3]] == [logging.INFO, logging.DEBUG, logging.DEBUG]
    assert [vars(entry)["mesibo"] for entry in found] == records


def test_lines_of_a_thread_reach_it_too(
    host: Host, built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    host.load("waiter", built("waiter"))
    with caplog.at_level(logging.DEBUG, "mesibo_abi"):
        host.process(Message("log", to="bob"))
        deadline = time.monotonic() + 60
        while "from the thread" not in caplog.messages and time.monotonic() < deadline:
            time.sleep(0.01)
    assert caplog.messages.count("from the thread") == 1
    (record,) = host.logs
    assert (record.module, record.text) == ("waiter", "from the thread")
    assert record.thread != threading.get_native_id()


def test_lines_of_a_thread_in_an_init_reach_it(
    host: Host, built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    """Soon, whatever the module does behind that."""
    with caplog.at_level(logging.INFO, "mesibo_abi.module"):
        host.load("listening", built("listening"))
        wait_until(lambda: bool(caplog.messages))
    assert caplog.messages == ["listening"]


def test_also_of_an_init_that_refuses(
    host: Host, built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "mesibo_abi.module.listening"), pytest.raises(LoadError):
        host.load("listening", built("listening", "-DRESULT=-1"))
    assert caplog.messages == ["listening"]


def test_when_a_load_fails_its_lines_are_in_logging(host: Host, built: Built) -> None:
    """Also where the host's own thread had taken them, and is not done with them."""
    told: list[str] = []

    class Slow(logging.Handler):
        def emit(self, entry: logging.LogRecord) -> None:
            time.sleep(0.1)
            told.append(entry.getMessage())

    logger = logging.getLogger("mesibo_abi.module.listening")
    handler = Slow(logging.INFO)
    logger.addHandler(handler)
    try:
        logger.setLevel(logging.INFO)
        for count in range(1, 6):
            with pytest.raises(LoadError):
                host.load("listening", built("listening", "-DRESULT=-1"))
            assert told == ["listening"] * count
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(handler)


def test_a_handler_gets_every_line_at_once(built: Built) -> None:
    got: list[LogRecord] = []
    with Host(log=got.append) as host:
        host.load("logs", built("logs"), config={"log": "1"})
        assert host.process(Message("3")).logs == []
        assert [record.text for record in got] == [
            "text| 3.14|7   |ff|!",
            "one\n",
            "xxx",
            r"bytes \xff\xfe",
            "",
        ]


def test_what_a_handler_returns_reaches_the_module() -> None:
    class Talker(Module):
        def on_message(self, message: Message) -> Result:
            self.returned = self.log("hello")
            return Result.PASS

    with Host(log=lambda record: 5) as host:
        talker = Talker()
        host.load("talker", talker)
        host.process(Message())
        assert talker.returned == 5


def test_an_exception_in_a_handler(built: Built) -> None:
    def log(record: LogRecord) -> None:
        raise OSError(f"no disk for {record.text!r}")

    with Host(log=log) as host:
        host.load("answer", built("answer", "-DANSWER=42"))
        verdict = host.process(Message())
    assert verdict.result is Result.FAIL
    assert isinstance(verdict.error, OSError)
    assert str(verdict.error) == "no disk for '42'"


def test_a_log_that_is_full_drops_the_oldest_and_says_so(built: Built) -> None:
    with Host(limits=Limits(logs=4096)) as host:
        module = host.load("answer", built("answer", "-DANSWER=42"))
        for _ in range(1000):
            module.on_message(Message())
        waiting = host.dropped
        records = list(host.logs)
        kept = [record for record in records if record.module == "answer"]
        assert 0 < len(kept) < 100
        dropped = 1000 - len(kept)
        assert waiting == (0, dropped, 0)
        assert (records[0].module, records[0].level) == ("", 0)
        assert records[0].text == (
            f"{dropped} older log lines were dropped: take them sooner, or raise Limits.logs"
        )
        assert host.dropped == (0, dropped, 0)
        assert list(host.logs) == []


def test_lines_dropped_in_a_pass_are_counted(built: Built) -> None:
    with Host(limits=Limits(logs=1024)) as host:
        host.load("logs", built("logs"))
        kept = host.process(Message("200")).logs
        assert len(kept) == 4 - host.dropped.logs
        assert host.dropped.logs > 0
        assert kept[-1].text == ""


@pytest.mark.slow
def test_lines_that_nobody_takes_are_counted_when_they_go(built: Built) -> None:
    """Also those that wait on the Python side already."""
    with Host() as host:
        module = host.load("answer", built("answer", "-DANSWER=42"))
        total = 100_000
        for number in range(total):
            module.on_message(Message())
            if number % 10_000 == 0:
                len(host.logs)
        kept = [record for record in host.logs if record.module == "answer"]
        assert len(kept) + host.dropped.logs == total
        assert len(kept) < total


def test_an_exception_whose_words_are_no_text(host: Host) -> None:
    class Broken(Module):
        def on_message(self, message: Message) -> Result:
            raise LookupError("no \ud800, \udcff or \0")

    host.load("broken", Broken)
    verdict = host.process(Message())
    assert isinstance(verdict.error, LookupError)
    (record,) = verdict.logs
    assert record.text == r"on_message: LookupError: no \ud800, \udcff or \0"


def test_what_is_logged_in_closing_is_passed_on_at_once(
    host: Host, built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    module = host.load("farewell", built("farewell"))
    with caplog.at_level(logging.INFO, logger="mesibo_abi.module"):
        module.close()
    assert caplog.messages == [
        "cleanup",
        "http refused: the module is being closed",
        "http in cleanup: -1",
        "destructor",
    ]
    assert [record.text for record in host.logs] == caplog.messages
    assert [message.payload for message in host.sent] == [b"bye"]


def test_lines_that_nobody_wants_wait_within_their_limit(built: Built) -> None:
    """No thread makes objects of them, when logging wants none and `logs` is not asked."""
    with Host(limits=Limits(logs=4096)) as host:
        host.load("waiter", built("waiter"))  # it has threads, so there is one that would
        module = host.load("answer", built("answer", "-DANSWER=42"))
        for _ in range(20_000):
            module.on_message(Message())
        records = list(host.logs)
        assert 0 < len([record for record in records if record.module == "answer"]) < 100
