/* batch.c - many messages through a chain, taken from columns. */
#include "core.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_A_LOCK = 256 };

/* ---- Columns ------------------------------------------------------------------------------------- */

static bool is_valid(const uint8_t *valid, size_t at) {
    return valid == NULL || (valid[at / 8] >> at % 8 & 1) != 0;
}

/* Words in columns need not be aligned. */
#define READ(type, from, at) \
    __extension__({ \
        type value; \
        memcpy(&value, (const char *)(from) + (at) * sizeof value, sizeof value); \
        value; \
    })

static const char *view_at(const mh_text_column *column, size_t at, size_t *len) {
    const char *view = (const char *)column->index + 16 * at;
    *len = READ(uint32_t, view, 0);
    if (*len <= 12)
        return view + 4;
    return column->buffers[READ(uint32_t, view, 2)] + READ(uint32_t, view, 3);
}

static inline const char *text_at(const mh_text_column *column, uint64_t row, size_t *len) {
    size_t at = column->offset + row;
    *len = 0;
    if (column->layout == MH_TEXT_ABSENT || !is_valid(column->valid, at))
        return NULL;
    if (column->layout == MH_TEXT_VIEWS)
        return view_at(column, at, len);
    uint64_t begin, end;
    if (column->layout == MH_TEXT_OFFSETS_32) {
        begin = READ(uint32_t, column->index, at);
        end = READ(uint32_t, column->index, at + 1);
    } else {
        begin = READ(uint64_t, column->index, at);
        end = READ(uint64_t, column->index, at + 1);
    }
    *len = end - begin;
    return *len > 0 ? column->bytes + begin : ""; /* there may be no bytes at all */
}

const char *mh_text_at(const mh_text_column *column, uint64_t row, size_t *len) {
    return text_at(column, row, len);
}

static uint64_t word_at(const mh_word_column *column, uint64_t row) {
    size_t at = column->offset + row;
    if (column->size == 0 || !is_valid(column->valid, at))
        return 0;
    switch (column->size) {
    case 1: return READ(uint8_t, column->values, at);
    case 2: return READ(uint16_t, column->values, at);
    case 4: return READ(uint32_t, column->values, at);
    default: return READ(uint64_t, column->values, at);
    }
}

static void take_texts(const mh_columns *columns, uint64_t row, mh_event *event,
                       mh_params *params) {
    params->to = text_at(&columns->to, row, &params->to_len);
    params->from = text_at(&columns->from, row, &params->from_len);
    event->message = text_at(&columns->message, row, &event->len);
    if (event->message == NULL)
        event->message = "";
}

void mh_columns_row(const mh_columns *columns, uint64_t row, mh_event *event, mh_params *params) {
    uint64_t *words = &params->aid;
    for (int i = 0; i < MH_WORDS; i++)
        words[i] = word_at(&columns->words[i], row);
    take_texts(columns, row, event, params);
}

/* The same, row after row: words that no column has are 0 from the beginning. */
typedef struct reader {
    const mh_columns *columns;
    int present[MH_WORDS], count;
    mh_params params;
} reader;

static void begin_reading(reader *from, const mh_columns *columns) {
    *from = (reader){.columns = columns};
    for (int i = 0; i < MH_WORDS; i++)
        if (columns->words[i].size > 0)
            from->present[from->count++] = i;
}

static void read_row(reader *from, uint64_t row, mh_event *event) {
    uint64_t *words = &from->params.aid;
    for (int i = 0; i < from->count; i++)
        words[from->present[i]] = word_at(&from->columns->words[from->present[i]], row);
    take_texts(from->columns, row, event, &from->params);
}

_Static_assert(offsetof(mh_params, device) == (MH_WORDS - 1) * sizeof(uint64_t),
               "the words of mh_params come first");

/* ---- What came of a row --------------------------------------------------------------------------- */

/* Room for one more element. False: no memory. */
static bool grow(void **array, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity)
        return true;
    size_t more = *capacity > 0 ? 2 * *capacity : 64;
    void *grown = realloc(*array, more * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = more;
    return true;
}

static bool note_failure(mh_batch *batch, const mh_pass *pass, const mh_outcome *out) {
    void *array = batch->failures;
    bool room = grow(&array, batch->failure_count, &batch->failure_capacity, sizeof(mh_row_failure));
    batch->failures = array;
    if (!room)
        return false;
    batch->failures[batch->failure_count++] = (mh_row_failure){.row = pass->row,
                                                               .instance = out->failed,
                                                               .failure = out->failure,
                                                               .code = out->code,
                                                               .damage = out->damage,
                                                               .errors = pass->errors};
    return true;
}

static bool note_rewritten(mh_batch *batch, uint64_t row, const char *message, size_t len) {
    size_t count = batch->rewritten_count, room = batch->rewritten_capacity, again = room;
    void *rows = batch->rewritten_rows, *ends = batch->rewritten_ends;
    bool grown = grow(&rows, count, &room, sizeof(uint64_t));
    batch->rewritten_rows = rows;
    grown = grown && grow(&ends, count, &again, sizeof(size_t));
    batch->rewritten_ends = ends;
    if (!grown)
        return false;
    batch->rewritten_capacity = room;
    size_t begin = count > 0 ? batch->rewritten_ends[count - 1] : 0;
    if (begin + len > batch->rewritten_size) {
        size_t size = 2 * (begin + len);
        char *bytes = realloc(batch->rewritten, size);
        if (bytes == NULL)
            return false;
        batch->rewritten = bytes;
        batch->rewritten_size = size;
    }
    if (len > 0)
        memcpy(batch->rewritten + begin, message, len);
    batch->rewritten_rows[count] = row;
    batch->rewritten_ends[count] = begin + len;
    batch->rewritten_count++;
    return true;
}

static bool note(mh_batch *batch, mh_pass *pass, mh_outcome *out, size_t len) {
    uint64_t row = pass->row;
    bool noted = true;
    batch->results[row] = (int8_t)out->result;
    batch->by[row] = out->by != NULL ? (int32_t)out->place : -1;
    if (out->rewritten != NULL) {
        noted = note_rewritten(batch, row, out->rewritten, len);
        free(out->rewritten);
    }
    if (out->failed != NULL || pass->errors != NULL) {
        bool failed = note_failure(batch, pass, out);
        if (!failed)
            mh_instance_unref(out->failed);
        else
            pass->errors = NULL;
        noted = noted && failed;
    }
    return noted;
}

/* ---- Running -------------------------------------------------------------------------------------- */

/* The mail of a batch may hold as much as a message of its own may send, for each row. */
static void allow_row(mh_mail *mail, const mh_limits *limits) {
    if (mail == NULL)
        return;
    mail->sent.limit = mail->sent.tail - mail->sent.head + limits->outbox_bytes;
    mail->logs.limit = mail->logs.tail - mail->logs.head + limits->log_bytes;
}

static mh_called run_row(mh_batch *batch, uint64_t row, mh_pass *pass, reader *from) {
    mh_event event = {.kind = MH_ON_MESSAGE, .params = &from->params};
    mh_outcome out;
    if (batch->events != NULL)
        event = batch->events[row];
    else
        read_row(from, row, &event);
    pass->row = row;
    allow_row(pass->mail, &batch->host->limits);
    mh_called called = mh_walk(batch->host, batch->chain, true, &event, pass, &out);
    bool noted = note(batch, pass, &out, event.len);
    return called == MH_CALLED && !noted ? MH_NO_ROOM : called;
}

/* Thread-safe modules are counted as entered for many rows at once: threads that count at each row
 * take the counter out of each other's cache. */
static void enter_all(mh_host *host, const mh_chain *chain) {
    for (size_t i = 0; i < chain->count; i++)
        chain->members[i]->entries += chain->members[i]->thread_safe;
    if (chain->serial)
        mh_lock_take(&host->lock);
}

static void leave_all(mh_host *host, const mh_chain *chain) {
    if (chain->serial)
        mh_lock_release(&host->lock);
    for (size_t i = 0; i < chain->count; i++)
        chain->members[i]->entries -= chain->members[i]->thread_safe;
}

mh_called mh_batch_run(mh_batch *batch, uint64_t first, uint64_t last, uint64_t *done) {
    const mh_chain *chain = batch->chain;
    mh_host *host = batch->host;
    mh_pass pass = {.collect = true, .lent = batch->events == NULL, .mail = batch->mail};
    reader from;
    mh_called called = MH_CALLED;
    begin_reading(&from, &batch->columns);
    *done = first;
    while (*done < last && called == MH_CALLED) {
        uint64_t pause = last - *done < ROWS_A_LOCK ? last : *done + ROWS_A_LOCK;
        enter_all(host, chain);
        while (*done < pause && (called = run_row(batch, *done, &pass, &from)) == MH_CALLED)
            ++*done;
        leave_all(host, chain);
    }
    batch->mail = pass.mail;
    return called;
}

/* The chain, and with it every module of it, is kept by a pass without the lock. */
bool mh_batch_begin(mh_host *host, mh_batch *batch) {
    host->free_passes++;
    const mh_chain *chain = host->chain;
    batch->modules = calloc(chain->count + 1, sizeof(mh_instance *));
    if (batch->modules == NULL) {
        host->free_passes--;
        return false;
    }
    batch->host = host;
    batch->chain = chain;
    batch->module_count = chain->count;
    for (size_t i = 0; i < chain->count; i++) {
        batch->modules[i] = chain->members[i];
        mh_instance_ref(chain->members[i]);
    }
    return true;
}

void mh_batch_leave(mh_batch *batch) {
    if (batch->chain == NULL)
        return;
    batch->chain = NULL;
    batch->host->free_passes--;
    for (size_t i = 0; i < batch->module_count; i++)
        mh_instance_unref(batch->modules[i]);
    for (size_t i = 0; i < batch->failure_count; i++)
        mh_instance_unref(batch->failures[i].instance);
    free(batch->modules);
    free(batch->failures);
    batch->modules = NULL;
    batch->failures = NULL;
    batch->module_count = batch->failure_count = 0;
}

void mh_batch_end(mh_batch *batch) {
    mh_batch_leave(batch);
    free(batch->rewritten_rows);
    free(batch->rewritten_ends);
    free(batch->rewritten);
    mh_mail_free(batch->mail);
}
