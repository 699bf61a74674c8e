/* batch.c - many messages through a chain, taken from columns. */
#include "columns.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_A_LOCK = 256 };

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

/* What a row sent and logged, moved away: the next has all the room that a message by itself has. */
static bool take_mail(mh_batch *batch, mh_mail *mail) {
    return mh_sent_columns_take(&batch->sent, &mail->sent) &&
           mh_queue_take(&batch->logs, &mail->logs);
}

static const mh_event *event_of(const mh_batch *batch, uint64_t row, mh_reader *reader) {
    if (batch->events != NULL)
        return &batch->events[row];
    mh_read_row(reader, row);
    return &reader->event;
}

/* The rows from `next` on; a chain begins with all of them. */
static void add_rows(const mh_batch *batch, uint64_t next, uint64_t last, mh_instance *to,
                     mh_reader *reader) {
    while (next < last && mh_ahead_add(to, event_of(batch, next, reader), next))
        next++;
}

/* Those that the module before it passes on, as it left them. What a module must not do to a message is
 * undone when the chain comes there: until then it is not known what the next will see. */
static void add_passed(const mh_batch *batch, const mh_instance *from, mh_instance *to,
                       mh_reader *reader) {
    uint64_t row;
    size_t at;
    for (size_t i = 0; mh_ahead_answer(from, i, &row, &at); i++) {
        mh_event event = *event_of(batch, row, reader);
        mh_passed_on passed = mh_ahead_passed(from, at, &event);
        if (passed == MH_UNDONE || (passed == MH_PASSES && !mh_ahead_add(to, &event, row)))
            return;
    }
}

/* A module in a process of its own gets many rows at once: each turn costs as much as many calls. */
static void work_ahead(const mh_batch *batch, uint64_t row, uint64_t last, mh_pass *pass,
                       mh_reader *reader) {
    const mh_chain *chain = batch->chain;
    mh_instance *before = NULL;
    for (size_t i = 0; i < chain->count; i++) {
        mh_instance *instance = chain->members[i];
        if (instance->state != MH_OPEN)
            continue;
        if (instance->remote == NULL || !mh_ahead_begin(instance, chain))
            return;
        if (before == NULL)
            add_rows(batch, row, last, instance, reader);
        else
            add_passed(batch, before, instance, reader);
        mh_ahead_go(instance, pass);
        before = instance;
    }
}

/* One that was closed meanwhile is not looked at: whoever closed it frees that without the lock. */
static void drop_ahead(const mh_chain *chain) {
    for (size_t i = 0; i < chain->count; i++)
        if (chain->members[i]->state == MH_OPEN && chain->members[i]->remote != NULL)
            mh_ahead_drop(chain->members[i]);
}

static mh_called run_row(mh_batch *batch, uint64_t row, mh_pass *pass, mh_reader *reader) {
    mh_outcome out;
    if (batch->events != NULL)
        reader->event = batch->events[row];
    else
        mh_read_row(reader, row);
    pass->row = row;
    mh_called called = mh_walk(batch->host, batch->chain, true, &reader->event, pass, &out);
    bool noted = note(batch, pass, &out, reader->event.len);
    if (pass->mail != NULL)
        noted = take_mail(batch, pass->mail) && noted;
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
    mh_reader reader;
    mh_called called = MH_CALLED;
    mh_reader_begin(&reader, &batch->columns);
    *done = first;
    while (*done < last && called == MH_CALLED && !pass.over) {
        uint64_t pause = last - *done < ROWS_A_LOCK ? last : *done + ROWS_A_LOCK;
        enter_all(host, chain);
        while (*done < pause && !pass.over && called == MH_CALLED) {
            work_ahead(batch, *done, pause, &pass, &reader);
            called = run_row(batch, *done, &pass, &reader);
            *done += called == MH_CALLED;
        }
        drop_ahead(chain);
        leave_all(host, chain);
    }
    batch->mail = pass.mail;
    batch->over = pass.over;
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
    batch->logs.limit = SIZE_MAX;
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
    mh_sent_columns_free(&batch->sent);
    mh_queue_free(&batch->logs);
    mh_mail_free(batch->mail);
}
