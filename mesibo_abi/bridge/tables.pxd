from libc.stdint cimport int64_t


cdef class Column:
    cdef bytes name, format
    cdef int64_t length, nulls
    cdef tuple buffers          # bytes, bytearray, Lent or None, in Arrow's order
    cdef list children          # of a struct
    cdef Column dictionary

cdef class Lent:
    cdef const void *start
    cdef object owner

cdef Lent lent(const void *start, object owner)
cdef Column column(str name, str format, int64_t length, tuple buffers, int64_t nulls=*,
                   Column dictionary=*)
cdef Column text_column(str name, list texts)
cdef Column null_column(str name, str format, int64_t count)
cdef class Table:
    cdef Column root

    cdef Column shown(self)
