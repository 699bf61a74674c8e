from libc.stdint cimport uint64_t

from .core cimport mh_batch, mh_event
from .values cimport Message


cdef class Rows:
    cdef list chunks, messages
    cdef mh_event *events
    cdef uint64_t count
    cdef bint stopped  # no thread begins another slice

    cdef int take(self, object data) except -1
    cdef int take_messages(self, list messages) except -1
    cdef Message message(self, uint64_t row)


cdef class Part:
    cdef mh_batch batch
    cdef Rows rows
    cdef uint64_t first, last

    cdef int run_rows(self, uint64_t first, uint64_t last) except -1
    cdef list lines(self)
    cdef list unplaced(self)
    cdef dict errors(self)
    cdef bytes rewritten(self, uint64_t row)
