"""A run: every line of input through the host, every verdict to the writer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from ..bridge.batch import BatchResult
from ..bridge.values import Verdict
from ..errors import InputError
from ..events import Event, EventKind
from ..host import Host
from ..records import RecordFault, read_event
from ..stats import ModuleStats
from ..types import Batch
from .bad_line import BadLine
from .columns import Reader
from .interrupt import Interrupt
from .pace import TICK, Pace
from .parquet import ParquetSource, in_file
from .source import Block, Source
from .tally import Tally
from .text import in_words
from .writers import JsonLines, Writer

_MESSAGE = EventKind.MESSAGE  # looked up once: members of an enum are slow to get at
_SLICE = 0.1  # seconds between looks at Ctrl-C
_FEW = 16  # lines: for less, a batch takes longer than each by itself
_MOST_APART = 256  # lines that are taken by themselves before it looks for a batch again


class Session:
    """Feeds a host. `report` gets what is for people, such as the errors of lines that are skipped.

    `progress` gets the bytes and messages that are done. `interrupt` ends it early, between two
    events.
    """

    def __init__(
        self,
        host: Host,
        writer: Writer,
        tally: Tally,
        interrupt: Interrupt,
        *,
        logs: bool,
        keep_going: bool,
        report: Callable[[str], None],
        progress: Callable[[int, int], None],
    ) -> None:
        self._host = host
        self._writer = writer
        self._tally = tally
        self.stats: tuple[ModuleStats, ...] = ()  # until its modules are closed
        self._logs = logs
        self._keep_going = keep_going
        self._report = report
        self._interrupt = interrupt
        self._progress = progress
        self._pace = Pace()
        self._reader = Reader()
        self._apart = _FEW  # more while lines are of many kinds
        self._done = 0  # bytes of the input
        self._under_way = ""  # where the messages come from that go through the host at once
        self._settled = 0.0

    def feed(self, source: Source | ParquetSource) -> None:
        """Takes the source to its end. Raises InputError for a line that is none, unless it is to
        keep going; what came before is written then."""
        self.settle()
        if isinstance(source, ParquetSource):
            self._feed_columns(source)
        else:
            self._feed_lines(source)

    def _feed_lines(self, source: Source) -> None:
        for block in source.blocks():
            begun = time.perf_counter()
            try:
                self._take(source.name, block)
            finally:
                self._tally.busy += time.perf_counter() - begun
                self.settle()
            if self._interrupt.asked:
                return

    def _feed_columns(self, source: ParquetSource) -> None:
        first = 1
        for table in source.tables():
            offset = 0
            while offset < max(table.num_rows, 1):  # without a row there are columns to look at
                part = table.slice(offset, self._pace.rows)
                begun = time.perf_counter()
                try:
                    self._take_rows(source.name, first, part)
                finally:
                    took = time.perf_counter() - begun
                    self._tally.busy += took
                    self.settle()
                if self._interrupt.asked:
                    return
                first += part.num_rows
                offset += max(part.num_rows, 1)
                self._pace.took(part.num_rows, took)

    def _take_rows(self, file: str, first: int, rows: Any) -> None:
        try:
            result = self._process(rows, f"rows {first} to {first + rows.num_rows - 1}")
        except InputError as error:
            told = in_file(error, file, first)
            if error.row is None:
                raise told from error
            # No row was sent: those before the bad one are now, those behind it if it is skipped.
            self._take_rows(file, first, rows.slice(0, error.row))
            self._refuse(told)
            self._take_rows(file, first + error.row + 1, rows.slice(error.row + 1))
            return
        for row in range(len(result)):
            verdict = result.verdict(row)
            self._record(first + row, Event(EventKind.MESSAGE, verdict.message), verdict)

    def finish(self, seconds: float) -> None:
        """Waits so long for the answers that modules asked for, then closes the host and writes
        what still came. What a module raises while it is closed is reported: the run is over."""
        self._wait(time.monotonic() + seconds)
        self._tally.open_requests = self._host.open_requests()
        self.stats = self._host.stats()
        modules = self._host.modules
        try:
            self._host.close()
        except Exception as error:
            self._report(f"warning: closing the modules: {in_words(error)}")
            self._tally.errors += 1
        self._tally.crashes = sum(module.crash_count for module in modules)
        self.settle()

    def abandon(self) -> None:
        """Writes what there is, while the main thread does not come back from a module."""
        self._writer.close()
        self._report_under_way()

    def settle(self) -> None:
        """Writes what came outside of events, and all that waits to be written."""
        logs = list(self._host.logs)
        if self._logs:
            for record in logs:
                self._writer.log(record)
        for message in self._host.sent:
            self._writer.sent(message)
            self._tally.sent += 1
        self._tally.dropped = sum(self._host.dropped)
        self._writer.flush()
        self._progress(self._done, self._tally.messages)
        self._settled = time.monotonic()

    def _settle_now_and_then(self) -> None:
        if time.monotonic() - self._settled > TICK:
            self.settle()

    def _wait(self, end: float) -> None:
        while not self._interrupt.asked:
            left = end - time.monotonic()
            idle = self._host.wait_idle(max(0.0, min(left, _SLICE)))
            self.settle()
            if idle or left <= 0:
                return

    def _take(self, file: str, block: Block) -> None:
        if not isinstance(self._writer, JsonLines):
            self._take_each(file, block.first, block.lines)
            return
        at = 0
        while at < len(block.lines) and not self._interrupt.asked:
            begun = time.perf_counter()
            lines = block.lines[at : at + self._pace.rows]
            taken = self._take_some(self._writer, file, block.first + at, lines)
            self._pace.took(taken, time.perf_counter() - begun)
            at += taken

    def _take_some(self, writer: JsonLines, file: str, first: int, lines: list[bytes]) -> int:
        """Takes the lines that can be taken at once, or a few by themselves; says how many."""
        messages = self._reader.read(first, lines)
        if len(messages) < _FEW:
            few = lines[: self._apart]
            self._apart = min(2 * self._apart, _MOST_APART)
            self._take_each(file, first, few)
            return len(few)
        self._apart = _FEW
        lines = lines[: len(messages)]
        try:
            result = self._process(messages.table(), f"lines {first} to {first + len(lines) - 1}")
        except (InputError, OverflowError):  # for one of them, which gets its error by itself
            self._take_each(file, first, lines)
            return len(lines)
        self._done += sum(map(len, lines)) + len(lines)
        self._tally.count_batch(result)
        writer.verdicts(messages, result, logs=self._logs)
        self._settle_now_and_then()
        return len(lines)

    def _take_each(self, file: str, first: int, lines: list[bytes]) -> None:
        for number, line in enumerate(lines, first):
            if self._interrupt.asked:
                return
            self._done += len(line) + 1
            if not line or line.isspace():
                continue
            try:
                event = read_event(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecordFault) as fault:
                self._refuse(BadLine(file, number, line).explain(fault))
                continue
            self._run(number, event)
            self._settle_now_and_then()

    def _refuse(self, error: InputError) -> None:
        if not self._keep_going:
            raise error
        self._tally.bad_lines += 1
        self._report(in_words(error))

    def _run(self, number: int, event: Event) -> None:
        self._record(number, event, event.deliver(self._host))

    def _record(self, number: int, event: Event, verdict: Verdict) -> None:
        self._tally.count(event.kind, verdict)
        if self._logs:
            for record in verdict.logs:
                self._writer.log(record, number)
        self._writer.verdict(number, event, verdict)

    def _process(self, batch: Batch, where: str) -> BatchResult:
        self._under_way = where
        try:
            return self._host.process_batch(batch)
        except KeyboardInterrupt:
            self._report_under_way()
            raise
        finally:
            self._under_way = ""

    def _report_under_way(self) -> None:
        if self._under_way:
            self._report(
                f"warning: {self._under_way} are without a verdict, though some went through the "
                "modules: they were under way at once"
            )
