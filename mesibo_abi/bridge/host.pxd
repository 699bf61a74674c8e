from libc.stdint cimport uint64_t

from .core cimport mh_host, mh_pass
from .handlers cimport Handlers
from .module cimport LoadedModule
from .values cimport Verdict


cdef class CoreHost(Handlers):
    cdef mh_host *host
    cdef unsigned int generation  # of the process that it was made in
    cdef readonly tuple modules
    cdef readonly bint closed
    cdef dict exchanges
    cdef Py_ssize_t passes   # under way, by all threads
    cdef list forgotten      # modules that were closed meanwhile: verdicts may name them yet
    cdef readonly uint64_t dropped_sent, dropped_logs
    cdef readonly object _hurried_at  # seconds of CLOCK_MONOTONIC; None: nobody called `hurry`

    cdef int check(self) except -1
    cdef int check_here(self) except -1
    cdef list deliver(self, mh_pass *passing)
    cdef void collect(self, Verdict verdict, mh_pass *passing)
    cdef int check_outside(self, str what) except -1
    cdef int change_modules(self, LoadedModule more, LoadedModule less) except -1
