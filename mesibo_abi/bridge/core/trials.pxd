# The mirror of csrc/interface/trials.h, in its order, and nothing else.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from .events cimport mh_event, mh_host
from .loads cimport mh_load, mh_refusal
from .passes cimport mh_damage
from .services cimport mh_answer, mh_given_kind, mh_request_kind
from .stdbool cimport c_bool

cdef extern from "host.h" nogil:
    ctypedef enum mh_place:
        MH_ROOMY
        MH_AT_END
        MH_AT_START

    enum:
        MH_TRIAL_ROW

    ctypedef struct mh_offer:
        uint64_t version, signature
        int64_t size

    ctypedef struct mh_area:
        const char *name
        uint64_t start, size
        uint64_t low, high
        c_bool read_only, sealed

    ctypedef struct mh_spill:
        const char *name
        int64_t offset
        uint8_t found

    ctypedef struct mh_placing:
        mh_place message, params, addresses
        c_bool read_only

    ctypedef struct mh_trial:
        pass

    mh_trial *mh_trial_new(mh_host *host, const mh_load *what, mh_place place,
                           mh_refusal *refusal)
    int64_t mh_trial_init(mh_trial *trial, const mh_offer *offer)
    bint mh_trial_slot(const mh_trial *trial, size_t index, const char **name, uint64_t *value,
                       c_bool *code)
    bint mh_trial_change(const mh_trial *trial, size_t *at, mh_damage *out)
    bint mh_trial_place(mh_trial *trial, const mh_event *event, const mh_placing *placing)
    int64_t mh_trial_call(mh_trial *trial)
    void mh_trial_seal(mh_trial *trial)
    void mh_trial_let_go(mh_trial *trial)
    bint mh_trial_area(const mh_trial *trial, size_t index, mh_area *out)
    bint mh_trial_spill(const mh_trial *trial, bint structure, mh_spill *out)

    ctypedef enum mh_misuse_kind:
        MH_TOO_LONG
        MH_UNTERMINATED
        MH_FORMAT
        MH_FLAGS
        MH_REFUSED
        MH_LATE

    ctypedef struct mh_misuse:
        mh_misuse_kind kind
        mh_given_kind given
        mh_request_kind request
        const char *field
        const char *area
        uint64_t address, len, room
        char text[512]
        uint32_t frame_count
        uint64_t frames[24]

    bint mh_trial_misuse(mh_trial *trial, mh_misuse *out)

    ctypedef struct mh_asked:
        uint64_t id
        mh_request_kind kind
        const char *where
        c_bool posts
        uint64_t callbacks

    ctypedef struct mh_step:
        mh_answer answer
        size_t piece

    ctypedef struct mh_planning:
        mh_place place
        c_bool read_only, seal

    bint mh_trial_asked(mh_trial *trial, size_t index, mh_asked *out)
    bint mh_trial_plan(mh_trial *trial, const mh_step *steps, size_t count,
                       const mh_planning *planning)
    bint mh_trial_play(mh_trial *trial, uint64_t id, uint64_t *calls)
    uint64_t mh_trial_synchronous(const mh_trial *trial)
    void mh_trial_end_requests(mh_trial *trial)
    int64_t mh_trial_cleanup(mh_trial *trial)
    bint mh_trial_close(mh_trial *trial)
    void mh_trial_free(mh_trial *trial, bint keep)

    ctypedef struct mh_word:
        const char *name
        c_bool own

    bint mh_revision_struct(const char *revision, size_t index, const char **name, size_t *size,
                            const mh_word **words)
