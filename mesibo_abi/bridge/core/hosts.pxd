# The mirror of csrc/interface/hosts.h, in its order, and nothing else.
from libc.stdint cimport int64_t, uint64_t

from .crash cimport mh_crash
from .crossing cimport mh_crossing
from .events cimport mh_event, mh_host, mh_instance, mh_params, mh_request
from .passes cimport mh_called, mh_line, mh_outcome, mh_pass, mh_queue
from .stdbool cimport c_bool

cdef extern from "host.h" nogil:
    ctypedef struct mh_hooks:
        void *context
        int64_t (*send)(void *, mh_instance *, const mh_params *, const char *,
                        size_t) noexcept nogil
        int64_t (*log)(void *, const mh_line *) noexcept nogil
        c_bool (*serve)(void *) noexcept nogil
        void (*ended)(void *, mh_instance *, const mh_event *, const mh_crash *) noexcept nogil
        void (*stopped)(void *, mh_instance *, int, int) noexcept nogil
        void *(*let_go)(void *) noexcept nogil
        void (*take_back)(void *, void *) noexcept nogil
        void (*answer)(void *, mh_request *) noexcept nogil

    ctypedef struct mh_limits:
        size_t outbox_bytes, log_bytes, requests

    mh_host *mh_host_new(const mh_hooks *hooks, const mh_limits *limits, bint pass_on_failure)
    void mh_host_stop(mh_host *host)
    void mh_host_free(mh_host *host)
    void mh_host_refuse(mh_host *host)
    void mh_host_hurry(mh_host *host)
    bint mh_host_here(const mh_host *host)
    unsigned mh_generation
    void mh_take_sent(mh_host *host, mh_queue *out)
    void mh_take_logs(mh_host *host, mh_queue *out)
    void mh_dropped_since(mh_host *host, uint64_t *sent, uint64_t *logs)
    uint64_t mh_refused_requests(mh_host *host)
    void mh_host_time(mh_host *host)

    ctypedef enum mh_trace_form:
        MH_TRACE_LINES
        MH_TRACE_EVENTS

    bint mh_host_trace(mh_host *host, int fd, mh_trace_form form)

    ctypedef struct mh_traced:
        uint64_t crossings, dropped
        int error

    void mh_host_traced(const mh_host *host, mh_traced *out)
    const mh_crossing *mh_last_crossings(const mh_instance *instance, size_t *count)
    bint mh_restart_refused(const mh_instance *instance, int64_t *code)
    mh_called mh_process(mh_host *host, mh_event *event, mh_pass *passing, mh_outcome *out)
    mh_called mh_try_process(mh_host *host, mh_event *event, mh_pass *passing,
                             mh_outcome *out)
    mh_called mh_notify(mh_host *host, const mh_event *event, mh_instance *only, mh_pass *passing)
    mh_called mh_call(mh_instance *instance, mh_event *event, mh_pass *passing,
                      mh_outcome *out)
    mh_called mh_try_call(mh_instance *instance, mh_event *event, mh_pass *passing,
                          mh_outcome *out)
