# cython: language_level=3, binding=False
"""Batches: many messages through a chain in one pass, and what became of them as columns."""

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int8_t, int32_t, uint64_t
from libc.string cimport memcpy

from .core cimport *
from .host cimport CoreHost
from .module cimport module_of
from .rows cimport Part, Rows
from .sent_table cimport sent_for, sent_pairs, table_of
from .tables cimport Column, Table, column, lent, null_column, text_column
from .values cimport Message, Verdict, message_like

from ..errors import InputError
from ..types import Result

cdef enum:
    MOST_THREADS = 256

cdef object FAIL = Result.FAIL, PASS = Result.PASS, CONSUMED = Result.CONSUMED


cdef class BatchResult(Table):
    """What became of the messages of a batch, row by row. `Host.process_batch` makes them.

    `results` are the verdicts' codes (Result) and `by` the places in `modules` of who decided (-1:
    all passed), one each for every row: memoryviews of signed 8 and 32 bits, which
    `numpy.asarray` takes as they lie. `errors` maps the rows of failed modules to their exceptions,
    `logs` are (row, LogRecord) and `sent` (row, Message) pairs, in order, made when they are first
    asked for. `verdict(row)` is what `process` would have returned.

    As a table it has the columns `result`, `by` (names), `error` (text) and `message`: the payload
    where modules rewrote it, else null. `sent_table()` is what was sent: `row`, `module`, `message`,
    `to`, `from` and the params' words, in memory of this result.
    """

    cdef Rows rows
    cdef list parts
    cdef bytearray _results, _by
    cdef uint64_t count
    cdef readonly tuple modules
    cdef readonly dict errors
    cdef list _sent, _logs
    cdef dict row_logs

    def __init__(self):
        raise TypeError("results of batches come from Host.process_batch(batch)")

    def __repr__(self):
        parts = ", ".join(f"{count} {result.name}" for result, count in self.counts().items())
        return f"<BatchResult of {self.count}: {parts or 'nothing'}>"

    def __len__(self):
        return self.count

    @property
    def results(self):
        """The verdicts' codes, one signed byte for each row."""
        return memoryview(self._results).cast("b")

    @property
    def by(self):
        """The place in `modules` of who decided, 32 bits for each row; -1: all passed."""
        return memoryview(self._by).cast("i")

    @property
    def sent(self):
        """What was sent, with the rows: pairs of int and Message, in order."""
        if self._sent is None:
            self._sent = []
            for part in self.parts:
                self._sent += sent_pairs(&(<Part>part).batch.sent)
        return self._sent

    @property
    def logs(self):
        """What was logged, with the rows: pairs of int and LogRecord, in order."""
        if self._logs is None:
            self._logs = []
            for part in self.parts:
                self._logs += (<Part>part).lines()
        return self._logs

    def counts(self):
        """How many messages had which Result; those that none had are left out."""
        found = {
            PASS: self._results.count(b"\0"),
            CONSUMED: self._results.count(b"\1"),
            FAIL: self._results.count(b"\xff"),
        }
        return {result: count for result, count in found.items() if count}

    # -- running

    cdef int take(self, object data) except -1:
        self.rows = Rows.__new__(Rows)
        self.rows.take(data)
        self.count = self.rows.count
        self._results = bytearray(self.count)
        self._by = bytearray(4 * self.count)
        return 0

    cdef int begin(self, mh_host *core, uint64_t threads) except -1:
        """A part for each thread; all of them see the same chain."""
        cdef Part part, first = None
        cdef uint64_t i
        self.parts = []
        for i in range(threads):
            part = Part.__new__(Part)
            part.rows = self.rows
            part.first, part.last = self.count * i // threads, self.count * (i + 1) // threads
            part.batch.results = <int8_t *>PyByteArray_AS_STRING(self._results)
            part.batch.by = <int32_t *>PyByteArray_AS_STRING(self._by)
            if not mh_batch_begin(core, &part.batch):
                raise MemoryError("a batch needs memory for the list of its modules")
            self.parts.append(part)
            if first is None:
                first = part
            elif part.batch.chain != first.batch.chain:  # it has changed in between
                return self.begin(core, threads)
        self.modules = tuple([module_of(first.batch.modules[i])
                              for i in range(first.batch.module_count)])
        return 0

    cdef int run(self) except -1:
        if len(self.parts) == 1:
            (<Part>self.parts[0]).run()
            return 0
        from concurrent.futures import ThreadPoolExecutor

        first, *others = self.parts
        with ThreadPoolExecutor(len(others), "mesibo-batch") as pool:
            try:
                running = [pool.submit(part.run) for part in others]
                first.run()
                for part in running:
                    part.result()
            except BaseException:
                self.rows.stopped = True
                raise
        return 0

    cdef void count_dropped(self, CoreHost host):
        cdef Part part
        for part in self.parts:
            if part.batch.mail != NULL:
                host.dropped_sent += part.batch.mail.sent.dropped
                host.dropped_logs += part.batch.mail.logs.dropped

    cdef int conclude(self) except -1:
        cdef Part part
        raised = None
        self.errors = {}
        for part in self.parts:
            try:
                self.errors.update(part.errors())
            except BaseException as error:
                raised = raised or error
            mh_batch_leave(&part.batch)
        if raised is not None:
            raise raised
        return 0

    cdef list all_sent(self):
        found = []
        for part in self.parts:
            found += [message for _, message in sent_pairs(&(<Part>part).batch.sent)]
            found += (<Part>part).unplaced()
        return found

    cdef int join_sent(self) except -1:
        """All that was sent to the first part."""
        cdef Part part, first = self.parts[0]
        for part in self.parts[1:]:
            if not mh_sent_columns_join(&first.batch.sent, &part.batch.sent):
                raise MemoryError("a batch needs memory for the columns of what was sent")
        return 0

    # -- rows

    cdef Message message_at(self, uint64_t row):
        """The message that was given, with the payload as modules left it."""
        message, rewritten = self.rows.message(row), self.rewritten(row)
        return message if rewritten is None else message_like(message, rewritten)

    def rewritten(self, uint64_t row):
        """The payload of a row as modules left it; None: as it was."""
        cdef Part part
        for part in self.parts:
            if part.first <= row < part.last:
                return part.rewritten(row)
        return None

    def verdict(self, row):
        """The Verdict of a row, as `process` would have returned it. Raises IndexError."""
        cdef Verdict verdict
        if not 0 <= row < self.count:
            raise IndexError(f"the batch has no row {row}: expected 0 to {<int64_t>self.count - 1}")
        if self.row_logs is None:
            self.row_logs = by_row(self.logs)
        verdict = Verdict.__new__(Verdict)
        verdict.message = self.message_at(row)
        verdict.result = Result(self.results[row])
        place = self.by[row]
        verdict.by = None if place < 0 else self.modules[place]
        verdict.error = self.errors.get(row)
        verdict._sent = sent_for(&(<Part>self.parts[0]).batch.sent, row)
        verdict._logs = list(self.row_logs.get(row, ()))
        verdict.returned = ()
        return verdict

    # -- tables

    cdef Column shown(self):
        """The columns, made when they are first asked for."""
        if self.root is None:
            self.root = self.columns()
        return self.root

    cdef Column columns(self):
        cdef Column root
        cdef int64_t count = <int64_t>self.count
        names = text_column("", [module.name for module in self.modules])
        valid = validity(self.by)
        nulls = count - count_bits(valid)
        root = column("", "+s", count, (None,))
        root.children = [
            column("result", "c", count, (None, self._results)),
            column("by", "i", count, (valid if nulls else None, self._by), nulls, names),
            self.error_column(),
            self.message_column(),
        ]
        return root

    cdef Column error_column(self):
        if not self.errors:
            return null_column("error", "U", <int64_t>self.count)
        texts = [None] * len(self)
        for row, error in self.errors.items():
            texts[row] = str(error).encode("utf-8", "backslashreplace").decode()
        return text_column("error", texts)

    cdef Column message_column(self):
        cdef Part part
        cdef size_t i, begin, rows = 0
        cdef uint64_t row
        cdef int64_t end = 0, count = <int64_t>self.count
        for part in self.parts:
            rows += part.batch.rewritten_count
        if rows == 0:
            return null_column("message", "Z", count)
        ends_buffer, valid_buffer = bytearray(8 * (count + 1)), bytearray((count + 7) // 8)
        cdef int64_t *ends = <int64_t *>PyByteArray_AS_STRING(ends_buffer)
        cdef char *valid = PyByteArray_AS_STRING(valid_buffer)
        for part in self.parts:
            i = begin = 0
            for row in range(part.first, part.last):
                if i < part.batch.rewritten_count and part.batch.rewritten_rows[i] == row:
                    valid[row // 8] |= <char>(1 << (row % 8))
                    end += <int64_t>(part.batch.rewritten_ends[i] - begin)
                    begin = part.batch.rewritten_ends[i]
                    i += 1
                ends[row + 1] = end
        return column("message", "Z", count, (valid_buffer, ends_buffer, self.payloads(end)),
                      count - <int64_t>rows)

    cdef object payloads(self, int64_t size):
        """All rewritten payloads, one behind the other: where they lie, if one thread made them."""
        cdef Part part
        cdef char *at
        cdef size_t begin
        if len(self.parts) == 1:
            part = self.parts[0]
            return lent(part.batch.rewritten, part)
        joined = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>size)
        at = PyBytes_AS_STRING(joined)
        for part in self.parts:
            if part.batch.rewritten_count > 0:
                begin = part.batch.rewritten_ends[part.batch.rewritten_count - 1]
                memcpy(at, part.batch.rewritten, begin)
                at += begin
        return joined

    def sent_table(self):
        """What was sent, as a Table: `row`, `module`, `message`, `to`, `from` and the words."""
        return table_of(&(<Part>self.parts[0]).batch.sent, self)


cdef dict by_row(list pairs):
    found = {}
    for row, what in pairs:
        found.setdefault(row, []).append(what)
    return found


cdef bytearray validity(object by):
    """A bit for each place that is not -1."""
    cdef const int32_t[:] places = by
    cdef Py_ssize_t row
    found = bytearray((len(by) + 7) // 8)
    cdef char *valid = PyByteArray_AS_STRING(found)
    for row in range(len(by)):
        if places[row] >= 0:
            valid[row // 8] |= <char>(1 << (row % 8))
    return found


cdef int64_t count_bits(bytearray valid):
    return int.from_bytes(valid, "little").bit_count()


cdef object run_batch(CoreHost host, object data, object threads):
    """Sends every message of `data` through the chain of `host`. Where that ends early, the host keeps
    what was sent and logged until then."""
    cdef BatchResult result = BatchResult.__new__(BatchResult)
    if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        raise InputError(
            f"a batch cannot be processed by {threads!r} threads",
            detail=f"expected a whole number from 1 to {MOST_THREADS}",
            hint="pass how many cores there are",
        )
    unsafe = [module.name for module in host.modules if not module.thread_safe]
    if threads > 1 and unsafe:
        raise InputError(
            f"a batch cannot be processed by {threads} threads",
            detail=f"expected modules loaded with thread_safe=True, {', '.join(unsafe)} "
            f"{'is' if len(unsafe) == 1 else 'are'} not",
            hint="load them so where they allow it, or leave threads= out",
        )
    result.take(data)
    # No thread without a row; but one there is.
    result.begin(host.host, 1 if result.count == 0 else min(<uint64_t>threads, result.count))
    try:
        try:
            result.run()
        finally:
            result.count_dropped(host)
            result.conclude()
        result.join_sent()
    except BaseException:
        host._keep(result.all_sent(), [record for _, record in result.logs])
        raise
    return result
