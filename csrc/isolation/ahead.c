/* ahead.c - the rows of a batch, many in one turn of the worker. Its answers wait here, and what it sent
 * and logged in the mail, until the chain comes to each row: so everything is in the order that it has
 * when rows go one by one. Only the modules that a chain begins with can be ahead, each of the rows that
 * the one before it passes on, and only where nothing that runs meanwhile can come back to them, and
 * nobody asked how long each callback takes. Where one asks for something in the middle of them, it waits
 * until the chain has come to that row. */
#define _GNU_SOURCE
#include "remote.h"

#include <string.h>
#include <sys/mman.h>

enum {
    MOST_BYTES = 4 << 20,
    LEAST_OUTBOX = 16 << 20 /* what a row may send is counted by the host, row after row: where that is
                               little, they go one by one */,
    ROWS_ALONE = 256        /* behind one that asked for something */
};

static mh_ahead *ahead_of(const mh_instance *instance) { return &instance->remote->ahead; }

static char *requests(const mh_remote *remote) { return mh_requests_region(remote->channel); }

bool mh_ahead_begin(mh_instance *instance, const mh_chain *chain) {
    const mh_host *host = instance->host;
    mh_remote *remote = instance->remote;
    if (remote == NULL || remote->ahead.asked > 0 || !remote->up || remote->depth > 0 ||
        mh_remote_is_gone(remote) || instance->state != MH_OPEN || host->hooks.send != NULL ||
        host->hooks.log != NULL || host->limits.outbox_bytes < LEAST_OUTBOX ||
        instance->times != NULL)
        return false;
    for (size_t i = 0; i < chain->count; i++)
        if (chain->members[i]->scripted)
            return false;
    if (remote->alone > 0) {
        remote->alone--;
        return false;
    }
    remote->ahead.end = mh_padded(sizeof(mh_rows_record));
    return true;
}

bool mh_ahead_add(mh_instance *instance, const mh_event *event, uint64_t row) {
    mh_ahead *ahead = ahead_of(instance);
    size_t size = mh_remote_call_size(event);
    if (ahead->asked == MH_MOST_AHEAD || ahead->end + size > MOST_BYTES)
        return false;
    mh_remote_write_call(requests(instance->remote) + ahead->end, event);
    ahead->rows[ahead->asked++] = (mh_ahead_row){row, ahead->end};
    ahead->end += size;
    return true;
}

static void forget(mh_ahead *ahead) {
    ahead->asked = ahead->done = ahead->taken = ahead->end = 0;
    ahead->ended = ahead->turn.paused = false;
}

/* Whatever it says: where it is in the middle of a row, that one is not done. */
static void count_done(mh_remote *remote) {
    mh_ahead *ahead = &remote->ahead;
    uint64_t done = remote->channel->rows_done, most = ahead->asked - ahead->turn.paused;
    ahead->done = done < most ? done : most;
}

void mh_ahead_go(mh_instance *instance, mh_pass *pass) {
    mh_remote *remote = instance->remote;
    mh_ahead *ahead = &remote->ahead;
    mh_frame frame;
    if (ahead->asked < 2) { /* no better than a call */
        forget(ahead);
        return;
    }
    mh_rows_record rows = {.count = ahead->asked, .room = instance->host->limits.outbox_bytes};
    memcpy(requests(remote), &rows, sizeof rows);
    remote->channel->rows_done = 0;
    remote->channel->cut = false;
    remote->channel->row_begun = mh_now();
    remote->used = ahead->end;
    mh_push(&frame, instance, pass, NULL);
    ahead->ended = !mh_remote_turn(remote, MH_ORDER_ROWS, 0, remote->how.deadline, &ahead->turn);
    mh_pop(&frame);
    count_done(remote);
    if (ahead->done == 0 && !ahead->ended && !ahead->turn.paused)
        forget(ahead);
}

/* The chain is at the row in which it asked for something. */
static void resume(mh_remote *remote) {
    remote->alone = ROWS_ALONE;
    remote->ahead.ended = !mh_remote_resume(remote, &remote->ahead.turn);
    count_done(remote);
    if (remote->ahead.done < remote->ahead.taken)
        remote->ahead.done = remote->ahead.taken;
}

/* As chain.c decides it, when it comes there. */
static bool passes_on(const mh_instance *instance, const mh_call_record *answer) {
    bool damaged = answer->damaged || instance->remote->damage.field != NULL;
    if (!damaged && (answer->code == 0 || answer->code == MH_NO_SLOT))
        return true;
    return (damaged || answer->code != 1) && instance->host->pass_on_failure;
}

bool mh_ahead_answer(const mh_instance *instance, size_t index, uint64_t *row, size_t *at) {
    const mh_ahead *ahead = &instance->remote->ahead;
    if (index >= ahead->done)
        return false;
    *row = ahead->rows[index].row;
    *at = ahead->rows[index].at;
    return true;
}

mh_passed_on mh_ahead_passed(const mh_instance *instance, size_t at, mh_event *event) {
    char *begin = requests(instance->remote) + at;
    mh_call_record answer;
    memcpy(&answer, begin, sizeof answer);
    if (!passes_on(instance, &answer))
        return MH_STOPS;
    if (answer.rewritten && !instance->revision->rewrites)
        return MH_UNDONE;
    event->message = begin + mh_remote_message_offset(event);
    return MH_PASSES;
}

static void finish(mh_remote *remote) {
    if (remote->ahead.end > (1 << 20))
        madvise(requests(remote), remote->ahead.end, MADV_REMOVE);
    forget(&remote->ahead);
    remote->used = 0;
}

uint64_t mh_ahead_row_of(const mh_remote *remote, uint64_t index) {
    const mh_ahead *ahead = &remote->ahead;
    return ahead->rows[index < ahead->asked ? index : ahead->asked - 1].row;
}

bool mh_is_ahead(const mh_instance *instance, uint64_t row) {
    if (instance->state != MH_OPEN) /* somebody may be freeing it */
        return false;
    const mh_remote *remote = instance->remote;
    return remote != NULL && remote->ahead.taken < remote->ahead.asked &&
           remote->ahead.rows[remote->ahead.taken].row == row;
}

/* The row that was under way when the worker ended. */
static int64_t take_end(mh_remote *remote, const mh_event *event) {
    mh_remote_take_row_mail(remote, UINT64_MAX);
    finish(remote);
    mh_remote_mourn(remote, event);
    mh_remote_revive(remote);
    return -1;
}

int64_t mh_ahead_take(mh_remote *remote, const mh_event *event) {
    mh_ahead *ahead = &remote->ahead;
    if (ahead->taken == ahead->done && ahead->turn.paused)
        resume(remote);
    if (ahead->taken == ahead->done)
        return take_end(remote, event);
    mh_call_record record;
    char *at = requests(remote) + ahead->rows[ahead->taken].at;
    memcpy(&record, at, sizeof record);
    mh_remote_take_row_mail(remote, ahead->taken);
    if (record.rewritten)
        memcpy((char *)(uintptr_t)event->message, at + mh_remote_message_offset(event), event->len);
    if (record.damaged)
        mh_remote_take_damage(remote);
    if (++ahead->taken == ahead->done && !ahead->ended && !ahead->turn.paused)
        finish(remote);
    return record.code;
}

void mh_ahead_drop(mh_instance *instance) {
    mh_remote *remote = instance->remote;
    if (remote == NULL || remote->ahead.asked == 0)
        return;
    if (remote->ahead.turn.paused) {
        mh_frame frame;
        mh_push(&frame, instance, NULL, NULL);
        resume(remote);
        mh_pop(&frame);
    }
    mh_report(instance, "%zu messages of a batch were processed, and the batch ended before them",
              (size_t)(remote->ahead.done - remote->ahead.taken));
    bool ended = remote->ahead.ended;
    mh_remote_take_row_mail(remote, UINT64_MAX);
    finish(remote);
    if (ended) {
        mh_remote_mourn(remote, NULL);
        mh_remote_revive(remote);
    }
}
