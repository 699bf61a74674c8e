# C's own bool: a byte, where bint is an int.
cdef extern from "<stdbool.h>" nogil:
    ctypedef bint c_bool "bool"
