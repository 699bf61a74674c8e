# cython: language_level=3, binding=False
"""The messages of a batch, and their way through a chain."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from .columns cimport Chunk, chunks_of
from .core cimport *
from .failures cimport errors_of, failure_of
from .module cimport LoadedModule, module_of, pass_gate
from .values cimport (
    Message,
    as_message,
    message_event,
    message_from,
    take_messages,
    take_row_lines,
)

from .. import faults

cdef enum:
    ROWS_A_SLICE = 65536  # between two looks for signals


cdef class Rows:
    """The messages of a batch, as they were given."""

    def __dealloc__(self):
        free(self.events)

    cdef int take(self, object data) except -1:
        cdef Chunk chunk
        if isinstance(data, list):
            return self.take_messages(data)
        self.chunks = chunks_of(data)
        for chunk in self.chunks:
            self.count += chunk.count
        return 0

    cdef int take_messages(self, list messages) except -1:
        cdef uint64_t row = 0
        self.messages = [as_message(message) for message in messages]
        self.count = <uint64_t>len(self.messages)
        self.events = <mh_event *>calloc(self.count + 1, sizeof(mh_event))
        if self.events == NULL:
            raise MemoryError("no memory for the events of a batch")
        for message in self.messages:
            message_event(&self.events[row], MH_ON_MESSAGE, <Message>message)
            row += 1
        return 0

    cdef Message message(self, uint64_t row):
        cdef Chunk chunk
        cdef mh_event event
        cdef mh_params params
        if self.messages is not None:
            return self.messages[row]
        chunk = next(chunk for chunk in self.chunks
                     if (<Chunk>chunk).first <= row < (<Chunk>chunk).first + (<Chunk>chunk).count)
        memset(&event, 0, sizeof(event))
        mh_columns_row(&chunk.columns, row, &event, &params)
        return message_from(&params, PyBytes_FromStringAndSize(
            event.message, <Py_ssize_t>event.len), None)


cdef class Part:
    """Some of the rows, side by side, for one thread."""

    def __dealloc__(self):
        if self.batch.host != NULL:
            mh_batch_end(&self.batch)

    def run(self):
        """Sends its messages through the chain."""
        cdef Chunk chunk
        if self.rows.messages is not None:
            self.batch.events = self.rows.events
            self.run_rows(self.first, self.last)
            return
        for chunk in self.rows.chunks:
            self.batch.columns = chunk.columns
            self.run_rows(max(chunk.first, self.first), min(chunk.first + chunk.count, self.last))

    cdef int run_rows(self, uint64_t first, uint64_t last) except -1:
        cdef uint64_t done, until
        cdef mh_called called
        while first < last and not self.rows.stopped:
            until = last if last - first < ROWS_A_SLICE else first + ROWS_A_SLICE
            with nogil:
                called = mh_batch_run(&self.batch, first, until, &done)
            pass_gate()
            PyErr_CheckSignals()
            if called == MH_NOT_OPEN:
                raise faults.host_closed()
            if called == MH_NO_ROOM:
                raise MemoryError(f"row {done} of the batch: too little memory for what became of it")
            first = done
            if self.batch.over:
                self.rows.stopped = True
        return 0

    cdef list lines(self):
        """What was logged, with the rows; nothing the second time."""
        found = take_row_lines(&self.batch.logs)
        if self.batch.mail != NULL:
            found += take_row_lines(&self.batch.mail.logs)
        return found

    cdef list unplaced(self):
        """What was sent and found no memory in the columns; nothing the second time."""
        return [] if self.batch.mail == NULL else take_messages(&self.batch.mail.sent)

    cdef dict errors(self):
        """What modules failed with, by row. Raises what is nobody's verdict."""
        cdef size_t i
        cdef mh_row_failure *failure
        cdef mh_pass passing
        cdef LoadedModule module
        found, interrupt = {}, None
        for i in range(self.batch.failure_count):
            failure = &self.batch.failures[i]
            memset(&passing, 0, sizeof(passing))
            passing.errors, failure.errors = failure.errors, NULL
            try:
                error = errors_of(&passing)
            except BaseException as raised:
                interrupt = interrupt or raised
                continue
            module = None if failure.instance == NULL else module_of(failure.instance)
            if module is not None:
                found[failure.row] = failure_of(
                    module.name, "on_message", failure.failure, failure.code, &failure.damage, error)
        if interrupt is not None:
            raise interrupt
        return found

    cdef bytes rewritten(self, uint64_t row):
        cdef size_t low = 0, high = self.batch.rewritten_count, middle, begin
        while low < high:
            middle = (low + high) // 2
            if self.batch.rewritten_rows[middle] < row:
                low = middle + 1
            else:
                high = middle
        if low == self.batch.rewritten_count or self.batch.rewritten_rows[low] != row:
            return None
        begin = self.batch.rewritten_ends[low - 1] if low > 0 else 0
        return PyBytes_FromStringAndSize(self.batch.rewritten + begin,
                                         <Py_ssize_t>(self.batch.rewritten_ends[low] - begin))
