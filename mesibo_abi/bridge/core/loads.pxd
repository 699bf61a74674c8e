# The mirror of csrc/interface/loads.h, in its order, and nothing else.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from .events cimport mh_event, mh_event_kind, mh_host, mh_instance
from .passes cimport mh_damage, mh_pass

cdef extern from "host.h" nogil:
    ctypedef struct mh_script:
        void *self
        uint32_t events
        uint64_t flags
        int64_t (*init)(void *, mh_instance *) noexcept nogil
        int64_t (*on_event)(void *, const mh_event *) noexcept nogil
        int64_t (*cleanup)(void *) noexcept nogil

    ctypedef struct mh_item:
        const char *name
        const char *value

    ctypedef struct mh_file:
        uint64_t device, inode
        int64_t size, seconds, nanoseconds

    bint mh_file_now(const char *path, mh_file *out)

    ctypedef struct mh_worker_limits:
        uint64_t memory, cpu_time, open_files
        bint no_network

    ctypedef struct mh_isolation:
        const char *worker
        double deadline, init_deadline
        unsigned restarts
        double period
        mh_worker_limits limits
        bint bare

    ctypedef struct mh_load:
        const char *label
        const char *path
        const mh_file *file
        const char *entry
        const char *revision
        const char *otherwise
        const mh_script *script
        const mh_isolation *isolation
        const mh_item *items
        size_t item_count
        void *tag
        uint64_t log_level
        bint thread_safe, hold_gil, zero_copy, keep_mapped, has_synchronous, guessed

    ctypedef enum mh_refusal_kind:
        MH_ACCEPTED
        MH_NO_MEMORY
        MH_HOST_CLOSED
        MH_NO_SUCH_REVISION
        MH_NOT_OPENED
        MH_NO_ENTRY
        MH_GUESS_CRASHED
        MH_INIT_REFUSED
        MH_INIT_FAILED
        MH_INIT_DAMAGED
        MH_BAD_SLOT
        MH_NOT_STARTED
        MH_INIT_CRASHED
        MH_NOT_LIMITED

    ctypedef struct mh_refusal:
        mh_refusal_kind kind
        int64_t code
        mh_damage damage
        char text[1024]

    const char *mh_revision_name(size_t index)
    mh_instance *mh_load_module(mh_host *host, const mh_load *what, mh_pass *passing,
                                mh_refusal *refusal)

    ctypedef enum mh_closing:
        MH_CLOSED
        MH_CLOSED_KEPT
        MH_CLOSED_BUSY
        MH_CLOSED_OVERWRITTEN
        MH_ALREADY_CLOSED
        MH_INSIDE_ITSELF
        MH_LOCK_TIMEOUT

    mh_closing mh_close(mh_instance *instance, mh_pass *passing, double seconds, int64_t *code,
                        mh_damage *damage)
    bint mh_reload(mh_instance *instance, mh_pass *passing, int64_t *code, mh_refusal *refusal)
    bint mh_has_callback(mh_instance *instance, mh_event_kind kind)
    bint mh_module_words(mh_instance *instance, uint64_t *version, uint64_t *flags)
    long mh_module_name(mh_instance *instance, char *out, size_t size)
    const char *mh_label(const mh_instance *instance)
    void mh_set_tag(mh_instance *instance, void *tag)
    void *mh_tag(const mh_instance *instance)

    ctypedef struct mh_stats:
        uint64_t passed, consumed, failed, events, sent, logged
        uint64_t timed, p50, p90, p99, p999, most

    void mh_instance_stats(const mh_instance *instance, mh_stats *out)
    const char *mh_instance_revision(const mh_instance *instance)
