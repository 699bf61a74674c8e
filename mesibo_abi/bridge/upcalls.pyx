# cython: language_level=3, binding=False
"""The way from modules up into Python: through the gate, and with a thread state that stays.

`with gil` gives a thread that Python does not know a thread state, and takes it away again: a hundred
times as much work as the call itself. So such a thread keeps the first one that it gets until it ends.
"""

from .core cimport mh_at_thread_end, mh_gate_enter, mh_gate_leave

cdef extern from "Python.h" nogil:
    ctypedef struct PyThreadState:
        pass
    ctypedef enum PyGILState_STATE:
        PyGILState_UNLOCKED
    PyThreadState *PyGILState_GetThisThreadState()
    PyGILState_STATE PyGILState_Ensure()
    void PyGILState_Release(PyGILState_STATE state)
    PyThreadState *PyEval_SaveThread()
    void PyEval_RestoreThread(PyThreadState *state)


cdef void attach_thread() noexcept nogil:
    """The first time that a thread comes up."""
    cdef PyThreadState *state
    if PyGILState_GetThisThreadState() != NULL:
        mh_at_thread_end(NULL, NULL)
        return
    PyGILState_Ensure()
    state = PyEval_SaveThread()
    if not mh_at_thread_end(detach_thread, state):
        give_back(state)


cdef void detach_thread(void *state) noexcept nogil:
    """Where the interpreter is ending it frees the state itself."""
    if not mh_gate_enter():
        return
    give_back(<PyThreadState *>state)
    mh_gate_leave()


cdef void give_back(PyThreadState *state) noexcept nogil:
    """The other half of the first Ensure."""
    PyEval_RestoreThread(state)
    PyGILState_Release(PyGILState_UNLOCKED)
