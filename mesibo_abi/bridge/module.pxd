from libc.stdint cimport int64_t, uint64_t

from .core cimport mh_event, mh_gate_closed, mh_host, mh_instance, mh_outcome, mh_called, mh_pass, mh_script

cimport cython


@cython.final
cdef class LoadedModule:
    cdef mh_instance *instance
    cdef mh_host *core          # as long as `host`
    cdef unsigned int generation  # of the process that it was loaded in
    cdef readonly object host
    cdef readonly str name, revision, kept
    cdef readonly object path, target
    cdef object isolation       # as it was asked for; None: it is not isolated
    cdef readonly bint closed, thread_safe, hold_gil, isolated
    cdef readonly tuple crashes
    cdef readonly uint64_t crash_count
    cdef uint64_t last_version, last_flags
    cdef tuple handlers

    cdef void prepare(self, object host, mh_host *core, str name, object path, str revision,
                      object target, bint thread_safe, bint hold_gil)
    cdef void fill_script(self, mh_script *script)
    cdef void read_words(self)
    cdef void note_crash(self, object error)
    cdef object call_one(self, mh_event *event)
    cdef object conclude_call(self, mh_event *event, mh_pass *passing, mh_outcome *out,
                              mh_called called)
    cdef int64_t upcall_init(self, mh_instance *instance)
    cdef int64_t upcall_event(self, const mh_event *event)
    cdef int64_t upcall_cleanup(self)
    cdef int check(self) except -1

cdef void config_event(mh_event *event, uint64_t type, bytes data) noexcept
cdef void wait_at_gate() noexcept

cdef inline void pass_gate() noexcept:
    if mh_gate_closed:
        wait_at_gate()

cdef LoadedModule module_of(mh_instance *instance)
