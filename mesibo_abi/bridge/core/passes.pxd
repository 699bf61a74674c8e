# The mirror of csrc/interface/passes.h, in its order, and nothing else.
from libc.stdint cimport int64_t, uint64_t

from .events cimport mh_instance, mh_params
from .stdbool cimport c_bool

cdef extern from "host.h" nogil:
    ctypedef struct mh_damage:
        const char *field
        const char *callback
        size_t offset
        uint64_t expected, found

    ctypedef enum mh_failure:
        MH_SOUND
        MH_BAD_CODE
        MH_DAMAGED
        MH_UPCALL_FAILED
        MH_NO_MEMORY_FOR_IT
        MH_REWRITE_LOST

    ctypedef struct mh_queue:
        size_t count
        uint64_t dropped

    ctypedef struct mh_returned:
        mh_instance *instance
        int64_t code
        mh_failure failure
        mh_damage damage

    ctypedef struct mh_mail:
        mh_queue sent, logs
        mh_returned *returned
        size_t returned_count

    ctypedef struct mh_pass:
        c_bool collect
        c_bool held
        mh_mail *mail
        c_bool over
        unsigned failures
        void *errors

    ctypedef struct mh_outcome:
        int result
        mh_instance *by
        mh_instance *failed
        char *rewritten
        mh_failure failure
        int64_t code
        mh_damage damage

    ctypedef enum mh_called:
        MH_CALLED
        MH_NOT_OPEN
        MH_NOT_SET
        MH_BUSY
        MH_NO_ROOM

    void mh_mail_free(mh_mail *mail)
    void mh_instance_unref(mh_instance *instance)

    ctypedef struct mh_sent:
        uint64_t row
        mh_params params
        const char *label
        const char *message
        size_t label_len, len

    ctypedef struct mh_line:
        uint64_t row
        const char *label
        const char *text
        size_t label_len, len
        uint64_t level
        int64_t time
        int thread

    bint mh_sent_front(const mh_queue *queue, mh_sent *out)
    bint mh_line_front(const mh_queue *queue, mh_line *out)
    bint mh_line_next(const mh_queue *queue, size_t *at, mh_line *out)
    void mh_queue_pop(mh_queue *queue)
    void mh_queue_free(mh_queue *queue)
