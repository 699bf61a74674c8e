# The mirror of csrc/interface/batches.h, in its order, and nothing else.
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint64_t

from .events cimport mh_event, mh_host, mh_instance, mh_params
from .passes cimport mh_called, mh_damage, mh_failure, mh_mail, mh_queue, mh_sent
from .stdbool cimport c_bool

cdef extern from "host.h" nogil:
    ctypedef enum mh_text_layout:
        MH_TEXT_ABSENT
        MH_TEXT_OFFSETS_32
        MH_TEXT_OFFSETS_64
        MH_TEXT_VIEWS

    ctypedef struct mh_text_column:
        mh_text_layout layout
        const uint8_t *valid
        const void *index
        const char *bytes
        const char *const *buffers
        const int64_t *sizes
        size_t buffer_count
        size_t offset

    ctypedef struct mh_word_column:
        const uint8_t *valid
        const void *values
        size_t offset
        unsigned size

    const char *mh_text_at(const mh_text_column *column, uint64_t row, size_t *len)
    uint64_t mh_text_broken(const mh_text_column *column, uint64_t first, uint64_t last)

    enum:
        MH_WORDS

    ctypedef struct mh_columns:
        mh_text_column message
        mh_text_column to
        mh_text_column from_ "from"
        mh_word_column words[11]

    void mh_columns_row(const mh_columns *columns, uint64_t row, mh_event *event, mh_params *params)

    ctypedef struct mh_row_failure:
        uint64_t row
        mh_instance *instance
        mh_failure failure
        int64_t code
        mh_damage damage
        void *errors

    ctypedef struct mh_texts:
        char *bytes
        uint64_t *ends
        uint8_t *valid
        size_t count
        size_t nulls

    ctypedef struct mh_sent_columns:
        uint64_t *rows
        uint64_t *words[11]
        int32_t *labels
        mh_texts message
        mh_texts to
        mh_texts from_ "from"
        mh_texts names
        size_t count

    void mh_sent_at(const mh_sent_columns *columns, size_t at, mh_sent *out)
    bint mh_sent_columns_join(mh_sent_columns *columns, mh_sent_columns *others)

    ctypedef struct mh_batch:
        mh_columns columns
        const mh_event *events
        int8_t *results
        int32_t *by
        mh_instance **modules
        size_t module_count
        mh_sent_columns sent
        mh_queue logs
        mh_mail *mail
        mh_row_failure *failures
        size_t failure_count
        c_bool over
        uint64_t *rewritten_rows
        size_t *rewritten_ends
        char *rewritten
        size_t rewritten_count
        mh_host *host
        const void *chain

    bint mh_batch_begin(mh_host *host, mh_batch *batch)
    mh_called mh_batch_run(mh_batch *batch, uint64_t first, uint64_t last, uint64_t *done)
    void mh_batch_leave(mh_batch *batch)
    void mh_batch_end(mh_batch *batch)
