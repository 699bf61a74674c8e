from libc.stdint cimport int64_t

from .core cimport mh_hooks, mh_instance, mh_line, mh_params


cdef class Handlers:
    cdef object send_handler, log_handler, debug_handler

    cdef void fill_hooks(self, mh_hooks *hooks, send, log, debug)
    cdef int64_t upcall_send(self, mh_instance *instance, const mh_params *params,
                             const char *text, size_t size)
    cdef int64_t upcall_log(self, const mh_line *line)
    cdef void upcall_stopped(self, mh_instance *instance, int process, int thread)
    cdef void upcall_answer(self)
    cdef bint upcall_serve(self)
