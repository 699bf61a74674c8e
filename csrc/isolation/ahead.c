/* ahead.c - the rows of a batch, many in one turn of the worker. Its answers wait here, and what it sent
 * and logged in the mail, until the chain comes to each row: so everything is in the order that it has
 * when rows go one by one. Only the first module of a chain can be ahead, and only where nothing that
 * runs meanwhile can come back to it, and nobody asked how long each callback takes. */
#define _GNU_SOURCE
#include "remote.h"

#include <string.h>
#include <sys/mman.h>

enum {
    MOST_ROWS = 256,
    MOST_BYTES = 4 << 20,
    LEAST_OUTBOX = 16 << 20 /* what a row may send is counted by the host, row after row: where that is
                               little, they go one by one */
};

static mh_ahead *ahead_of(const mh_instance *instance) { return &instance->remote->ahead; }

static char *requests(const mh_remote *remote) { return mh_requests_region(remote->channel); }

bool mh_ahead_begin(mh_instance *first, const mh_chain *chain) {
    const mh_host *host = first->host;
    mh_remote *remote = first->remote;
    if (remote == NULL || remote->ahead.asked > 0 || !remote->up || remote->depth > 0 ||
        mh_remote_is_gone(remote) || first->state != MH_OPEN || host->hooks.send != NULL ||
        host->hooks.log != NULL || host->limits.outbox_bytes < LEAST_OUTBOX ||
        first->times != NULL)
        return false;
    for (size_t i = 0; i < chain->count; i++)
        if (chain->members[i]->scripted)
            return false;
    remote->ahead = (mh_ahead){.at = mh_padded(sizeof(mh_rows_record))};
    remote->ahead.end = remote->ahead.at;
    return true;
}

bool mh_ahead_add(mh_instance *first, const mh_event *event) {
    mh_ahead *ahead = ahead_of(first);
    size_t size = mh_remote_call_size(event);
    if (ahead->asked == MOST_ROWS || ahead->end + size > MOST_BYTES)
        return false;
    mh_remote_write_call(requests(first->remote) + ahead->end, event);
    ahead->end += size;
    ahead->asked++;
    return true;
}

void mh_ahead_go(mh_instance *first, mh_pass *pass, uint64_t row) {
    mh_remote *remote = first->remote;
    mh_ahead *ahead = &remote->ahead;
    mh_frame frame;
    mh_turn turn;
    if (ahead->asked < 2) { /* no better than a call */
        ahead->asked = 0;
        return;
    }
    mh_rows_record rows = {.count = ahead->asked, .room = first->host->limits.outbox_bytes};
    memcpy(requests(remote), &rows, sizeof rows);
    remote->channel->rows_done = 0;
    remote->channel->row_begun = mh_now();
    ahead->first_row = row;
    remote->used = ahead->end;
    mh_push(&frame, first, pass, NULL);
    ahead->ended = !mh_remote_turn(remote, MH_ORDER_ROWS, 0, remote->how.deadline, &turn);
    mh_pop(&frame);
    uint64_t done = remote->channel->rows_done;
    ahead->done = done < ahead->asked ? done : ahead->asked;
    if (ahead->done == 0 && !ahead->ended)
        ahead->asked = 0;
}

static void finish(mh_remote *remote) {
    if (remote->ahead.end > (1 << 20))
        madvise(requests(remote), remote->ahead.end, MADV_REMOVE);
    remote->ahead = (mh_ahead){.asked = 0};
    remote->used = 0;
}

bool mh_ahead_waits(const mh_remote *remote) { return remote->ahead.asked > 0; }

bool mh_is_ahead(const mh_instance *instance) {
    return instance->remote != NULL && mh_ahead_waits(instance->remote);
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
    if (ahead->taken == ahead->done)
        return take_end(remote, event);
    mh_call_record record;
    char *at = requests(remote) + ahead->at;
    size_t size = mh_remote_call_size(event);
    memcpy(&record, at, sizeof record);
    mh_remote_take_row_mail(remote, ahead->taken);
    if (record.rewritten)
        memcpy((char *)(uintptr_t)event->message, at + mh_remote_message_offset(event), event->len);
    if (record.damaged)
        mh_remote_take_damage(remote);
    ahead->at += size;
    if (++ahead->taken == ahead->done && !ahead->ended)
        finish(remote);
    return record.code;
}

void mh_ahead_drop(mh_instance *first) {
    mh_remote *remote = first->remote;
    if (remote == NULL || remote->ahead.asked == 0)
        return;
    mh_report(first, "%zu messages of a batch were processed, and the batch ended before them",
              (size_t)(remote->ahead.done - remote->ahead.taken));
    bool ended = remote->ahead.ended;
    mh_remote_take_row_mail(remote, UINT64_MAX);
    finish(remote);
    if (ended) {
        mh_remote_mourn(remote, NULL);
        mh_remote_revive(remote);
    }
}
