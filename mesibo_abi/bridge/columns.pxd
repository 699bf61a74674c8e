from libc.stdint cimport int64_t, uint64_t

from .arrow cimport ArrowArray, ArrowSchema
from .core cimport mh_columns, mh_text_column, mh_word_column


cdef class Chunk:
    cdef ArrowArray array
    cdef mh_columns columns
    cdef uint64_t first, count

    cdef int take(self, ArrowSchema *schema, uint64_t first) except -1
    cdef int take_column(self, ArrowSchema *schema, ArrowArray *array) except -1

cdef list chunks_of(object data)
