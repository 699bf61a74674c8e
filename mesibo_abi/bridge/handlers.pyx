# cython: language_level=3, binding=False
"""Handlers: what a host does for its modules in Python, called by the core from inside them."""

import logging

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t
from libc.string cimport memset

from .core cimport (
    MH_ANSWER_FAILED,
    c_bool,
    mh_answer,
    mh_hooks,
    mh_instance,
    mh_is_held,
    mh_line,
    mh_params,
    mh_pass,
    mh_request,
    mh_request_answer_here,
    mh_request_over,
)
from .failures cimport as_code, keep_error, upcall_error
from .isolation cimport ended_upcall
from .module cimport module_of
from .upcalls cimport come_up, go_down, take_hold
from .values cimport message_from, record_from

cdef extern from "Python.h" nogil:
    ctypedef struct PyThreadState:
        pass
    PyThreadState *PyEval_SaveThread()
    void PyEval_RestoreThread(PyThreadState *state)

cdef object logger = logging.getLogger("mesibo_abi")

ctypedef int64_t (*send_function)(void *, mh_instance *, const mh_params *, const char *,
                                  size_t) noexcept nogil
ctypedef int64_t (*log_function)(void *, const mh_line *) noexcept nogil


cdef int64_t send_up(void *context, mh_instance *instance, const mh_params *params,
                     const char *message, size_t size) noexcept:
    return (<Handlers>context).upcall_send(instance, params, message, size)


cdef int64_t log_up(void *context, const mh_line *line) noexcept:
    return (<Handlers>context).upcall_log(line)


# Where the GIL is held already it need not be asked for.
cdef send_function held_send = <send_function><void *>send_up
cdef log_function held_log = <log_function><void *>log_up


cdef int64_t send_upcall(void *context, mh_instance *instance, const mh_params *params,
                         const char *message, size_t size) noexcept nogil:
    cdef mh_pass *passing
    cdef int64_t result
    if not come_up():
        return -1
    passing = take_hold()
    if passing != NULL:
        result = held_send(context, instance, params, message, size)
        passing.held = True
    else:
        with gil:
            result = send_up(context, instance, params, message, size)
    go_down()
    return result


cdef int64_t log_upcall(void *context, const mh_line *line) noexcept nogil:
    cdef mh_pass *passing
    cdef int64_t result
    if not come_up():
        return -1
    passing = take_hold()
    if passing != NULL:
        result = held_log(context, line)
        passing.held = True
    else:
        with gil:
            result = log_up(context, line)
    go_down()
    return result


cdef c_bool serve_upcall(void *context) noexcept nogil:
    cdef bint served
    if not come_up():
        return False
    with gil:
        served = (<Handlers>context).upcall_serve()
    go_down()
    return served


cdef void answer_upcall(void *context, mh_request *request) noexcept nogil:
    cdef mh_answer failed
    if come_up():
        with gil:
            (<Handlers>context).upcall_answer()
        go_down()
    if not mh_request_over(request):
        memset(&failed, 0, sizeof(failed))
        failed.kind = MH_ANSWER_FAILED
        mh_request_answer_here(request, &failed)


cdef void stopped_upcall(void *context, mh_instance *instance, int process,
                         int thread) noexcept nogil:
    if not come_up():
        return
    with gil:
        (<Handlers>context).upcall_stopped(instance, process, thread)
    go_down()


cdef void *let_go_upcall(void *context) noexcept nogil:
    """A module waits inside a host function: without the GIL, if this thread has it."""
    return <void *>PyEval_SaveThread() if mh_is_held() else NULL


cdef void take_back_upcall(void *context, void *token) noexcept nogil:
    if token != NULL:
        PyEval_RestoreThread(<PyThreadState *>token)


cdef class Handlers:
    """What modules call up into: the owner's `send` and `log`, and `_serve`, which starts the
    services. A host is one. One that plays its network has `_answer`, which answers the synchronous
    requests that are open."""

    cdef void fill_hooks(self, mh_hooks *hooks, send, log, debug):
        """Of a handler that is None nothing comes up: the core keeps what it would get."""
        memset(hooks, 0, sizeof(hooks[0]))
        hooks.context = <void *>self
        hooks.serve = serve_upcall
        hooks.ended = ended_upcall
        hooks.let_go = let_go_upcall
        hooks.take_back = take_back_upcall
        if send is not None:
            hooks.send = send_upcall
        if log is not None:
            hooks.log = log_upcall
        if hasattr(self, "_answer"):
            hooks.answer = answer_upcall
        if debug is not None:
            hooks.stopped = stopped_upcall
        self.debug_handler = debug
        self.send_handler = send
        self.log_handler = log

    cdef int64_t upcall_send(self, mh_instance *instance, const mh_params *params,
                             const char *text, size_t size):
        module = module_of(instance)
        try:
            if module is None:  # its load was refused meanwhile
                return -1
            message = message_from(
                params, PyBytes_FromStringAndSize(text, <Py_ssize_t>size), module.name)
            return as_code(self.send_handler(module, message), "the send handler")
        except BaseException as error:
            return upcall_error(instance, error, "send handler")

    cdef int64_t upcall_log(self, const mh_line *line):
        try:
            return as_code(self.log_handler(record_from(line)), "the log handler")
        except BaseException as error:
            keep_error(error, "log handler")
            return -1

    cdef void upcall_stopped(self, mh_instance *instance, int process, int thread):
        from ..isolation.stopped import Stopped

        module = module_of(instance)
        try:
            name = "" if module is None else module.name
            self.debug_handler(Stopped(name, process, thread))
        except BaseException as error:  # on a thread that nobody asks
            logger.error("the debug handler failed: %s", error, exc_info=error)

    cdef void upcall_answer(self):
        try:
            self._answer()
        except BaseException as error:
            keep_error(error, "the network that is played")

    cdef bint upcall_serve(self):
        try:
            self._serve()
            return True
        except BaseException as error:
            logger.error("requests of modules cannot be served: %s", error, exc_info=error)
            return False
