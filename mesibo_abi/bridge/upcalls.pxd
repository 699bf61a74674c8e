from .core cimport mh_gate_enter, mh_gate_leave, mh_thread_known


cdef void attach_thread() noexcept nogil

cdef inline bint come_up() noexcept nogil:
    """From a module into Python. False: the interpreter is ending. Then `go_down` in the end."""
    if not mh_gate_enter():
        return False
    if not mh_thread_known:
        attach_thread()
    return True

cdef inline void go_down() noexcept nogil:
    mh_gate_leave()
