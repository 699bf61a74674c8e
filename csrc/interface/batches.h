/* batches.h - many messages in one go, as columns: what mh_process does for each of them in turn, without an
 * object for any. The embedder owns the columns and the results, and keeps them until mh_batch_end. */
#ifndef MESIBO_BATCHES_H
#define MESIBO_BATCHES_H

#include "passes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mh_text_layout {
    MH_TEXT_ABSENT,
    MH_TEXT_OFFSETS_32, /* `index`: count + 1 ends, signed 32 bits each, into `bytes` */
    MH_TEXT_OFFSETS_64,
    MH_TEXT_VIEWS /* `index`: 16 bytes each: the length, then the text, or 4 bytes of it, the number
                     of its buffer and where in that it begins */
} mh_text_layout;

typedef struct mh_text_column {
    mh_text_layout layout;
    const uint8_t *valid; /* a bit for each, lowest first; NULL: all are. Those that are not are NULL */
    const void *index;
    const char *bytes;
    const char *const *buffers; /* views: what they are into */
    const int64_t *sizes;       /* of these, `buffer_count` of them */
    size_t buffer_count;
    size_t offset;              /* of the first, in `valid` and `index` */
} mh_text_column;

typedef struct mh_word_column {
    const uint8_t *valid; /* as above; those that are not are 0 */
    const void *values;
    size_t offset;
    unsigned size; /* bytes of each, 1, 2, 4 or 8; 0: absent, all are 0 */
} mh_word_column;

/* The text of a row, `*len` bytes without a NUL behind them; NULL where it is not valid. */
const char *mh_text_at(const mh_text_column *column, uint64_t row, size_t *len);

/* The first row of these that cannot be: it ends before it begins, lies in a buffer that is not there, or
 * outside of the buffers whose sizes are known; `last`: all can be. */
uint64_t mh_text_broken(const mh_text_column *column, uint64_t first, uint64_t last);

enum { MH_WORDS = 11 };

typedef struct mh_columns {
    mh_text_column message, to, from; /* a message that is NULL is empty */
    mh_word_column words[MH_WORDS];   /* in the order of mh_params */
} mh_columns;

/* Fills message and `len` of `event`, and `params`; into the columns, valid as long as they are. */
void mh_columns_row(const mh_columns *columns, uint64_t row, mh_event *event, mh_params *params);

typedef struct mh_row_failure {
    uint64_t row;
    mh_instance *instance; /* NULL: an upcall failed, and no module for it. Held by the batch. */
    mh_failure failure;
    int64_t code;
    mh_damage damage;
    void *errors; /* the embedder's: mh_pass.errors */
} mh_row_failure;

/* Texts one behind the other: from ends[i] to ends[i + 1], the first from 0. */
typedef struct mh_texts {
    char *bytes;
    uint64_t *ends;
    uint8_t *valid; /* a bit for each, lowest first; those that are not are NULL */
    size_t count, nulls;
    size_t capacity, size; /* of `ends`, in texts, and of `bytes` */
} mh_texts;

/* What was sent during a batch, by row. Where `count` is 0 there may be no arrays. */
typedef struct mh_sent_columns {
    uint64_t *rows, *words[MH_WORDS]; /* the words in the order of mh_params */
    int32_t *labels;                  /* the place of the sender's label in `names` */
    mh_texts message, to, from, names;
    size_t count, capacity;
} mh_sent_columns;

/* One message; valid as long as the columns are left alone. */
void mh_sent_at(const mh_sent_columns *columns, size_t at, mh_sent *out);
/* Takes all of `others` to the end of `columns`. False: no memory, and both are as they were. */
bool mh_sent_columns_join(mh_sent_columns *columns, mh_sent_columns *others);

typedef struct mh_batch {
    /* what the embedder sets: */
    mh_columns columns;
    const mh_event *events; /* instead of the columns: an event for each row */
    int8_t *results;        /* for each row */
    int32_t *by;            /* for each row: the place of who decided in `modules`; -1: nobody */
    /* what it gets: */
    mh_instance **modules; /* the chain, held by the batch */
    size_t module_count;
    mh_sent_columns sent;
    mh_queue logs;
    mh_mail *mail; /* or NULL: counts what was dropped; has what found no memory in these two */
    mh_row_failure *failures;
    size_t failure_count;
    bool over; /* an upcall wanted no row behind that one (mh_pass.over) */
    uint64_t *rewritten_rows; /* rows whose message was rewritten, and where in `rewritten` it ends */
    size_t *rewritten_ends;
    char *rewritten;
    size_t rewritten_count;
    /* the batch's own: */
    mh_host *host;
    const void *chain;
    size_t failure_capacity, rewritten_capacity, rewritten_size;
} mh_batch;

/* Zero it, set what is the embedder's, and begin: from here on the chain is that of now. False: no
 * memory, and nothing is to be ended. */
bool mh_batch_begin(mh_host *host, mh_batch *batch);
/* [enters] Rows first to last - 1, in order. The lock is let go now and then, so that others come in.
 * MH_NOT_OPEN: the host was closed, MH_NO_ROOM: no memory; `*done` is the first row that was not
 * processed; where the batch is over, that may be before `last`. */
mh_called mh_batch_run(mh_batch *batch, uint64_t first, uint64_t last, uint64_t *done);
/* Behind the last row: its pass is over, and what it has of modules and failures (but not their errors,
 * which are the embedder's) is let go. What was rewritten and the mail stay. */
void mh_batch_leave(mh_batch *batch);
/* The same where it is still to be done, and frees what the batch owns; the host may be gone. */
void mh_batch_end(mh_batch *batch);

#endif
