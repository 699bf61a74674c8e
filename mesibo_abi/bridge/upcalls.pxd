from .core cimport mh_current_pass, mh_gate_enter, mh_gate_leave, mh_is_held, mh_pass, mh_thread_known


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

cdef inline mh_pass *take_hold() noexcept nogil:
    """The pass that this thread holds the GIL for, or NULL: then it has to be asked for. As long as
    Python code runs nobody can say that any more (it may let go), so `held` is cleared: whoever gets
    a pass sets it again behind that."""
    cdef mh_pass *passing
    if not mh_is_held():
        return NULL
    passing = mh_current_pass()
    passing.held = False
    return passing
