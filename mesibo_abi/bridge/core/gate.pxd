# The mirror of csrc/interface/gate.h, in its order, and nothing else.
from .stdbool cimport c_bool

cdef extern from "host.h" nogil:
    c_bool mh_gate_closed
    bint mh_gate_enter()
    void mh_gate_leave()
    bint mh_at_thread_end(void (*ended)(void *) noexcept nogil, void *data)
    c_bool mh_thread_known
    bint mh_gate_close(double seconds)
    bint mh_gate_bars()
    void mh_gate_wait()
