from libc.stdint cimport uint64_t

from .core cimport mh_sent_columns
from .tables cimport Table


cdef list sent_pairs(const mh_sent_columns *columns)
cdef list sent_for(const mh_sent_columns *columns, uint64_t row)
cdef Table table_of(const mh_sent_columns *columns, object owner)
