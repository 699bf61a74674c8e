/* incoming.c - what a module in its worker sends, logs and asks for, given to the host as if it had called
 * here. */
#define _GNU_SOURCE
#include "remote.h"

#include <string.h>

/* The texts behind a record; false: they are not all within `size` bytes. What is checked is a copy: the
 * module can write to the other. */
static bool find_texts(const mh_mail_record *record, const char *at, size_t size,
                       const char **to, const char **from, const char **text) {
    const uint64_t lens[] = {record->to_len, record->from_len, record->len};
    const char **const texts[] = {to, from, text};
    size_t left = size - sizeof *record;
    at += sizeof *record;
    for (int i = 0; i < 3; i++) {
        *texts[i] = NULL;
        if (lens[i] == MH_NULL_TEXT)
            continue;
        if (lens[i] >= left)
            return false;
        *texts[i] = at;
        at += lens[i] + 1;
        left -= lens[i] + 1;
    }
    return *text != NULL;
}

static int64_t relay_line(mh_remote *remote, const mh_mail_record *record, const char *text) {
    mh_line line = {.text = text,
                    .len = record->len,
                    .level = record->level,
                    .time = record->time,
                    .thread = record->thread,
                    .is_report = record->is_report};
    return mh_relay_line(remote->instance, &line);
}

static int64_t send(mh_remote *remote, const mh_mail_record *record, const char *to,
                    const char *from, const char *text) {
    mh_params params = record->params;
    params.to = to;
    params.from = from;
    return mh_send(remote->instance, &params, text, record->len);
}

/* Other sockets are none of its business. */
static int64_t use_socket(mh_remote *remote, const mh_mail_record *record, const char *text) {
    if (!mh_socket_is_of(record->number, remote->instance))
        return -1;
    if (record->kind == MH_MAIL_WRITE)
        return mh_socket_write(record->number, text, (int64_t)record->len);
    mh_socket_close(record->number);
    return 0;
}

/* `outside`: of a thread of the module's own. */
static int64_t deliver(mh_remote *remote, const mh_mail_record *record, const char *at,
                       bool outside) {
    const char *to, *from, *text;
    if (!find_texts(record, at, record->size, &to, &from, &text))
        return -1;
    if (record->kind >= MH_MAIL_REQUEST && record->life != remote->alive)
        return -1; /* nobody is there to be told */
    switch ((mh_mail_kind)record->kind) {
    case MH_MAIL_SENT: return send(remote, record, to, from, text);
    case MH_MAIL_LINE: return relay_line(remote, record, text);
    case MH_MAIL_REQUEST: return mh_remote_submit(remote, record, from, text, outside);
    case MH_MAIL_WRITE:
    case MH_MAIL_CLOSE: return use_socket(remote, record, text);
    case MH_MAIL_TAKE:
        return outside ? mh_request_take(remote->instance, record->life, record->far, record->number)
                       : -1;
    }
    return -1;
}

static bool read_record(const char *at, size_t left, mh_mail_record *record) {
    if (left < sizeof *record)
        return false;
    memcpy(record, at, sizeof *record);
    return record->size >= sizeof *record && record->size <= left && record->size % 16 == 0;
}

bool mh_remote_take_mail(mh_remote *remote, int64_t *result) {
    mh_channel *channel = remote->channel;
    const char *region = mh_mail_region(channel);
    size_t end = atomic_load_explicit(&channel->mail_end, memory_order_acquire);
    bool sensible = end <= MH_REGION && end >= remote->mail_head;
    while (sensible && remote->mail_head < end) {
        mh_mail_record record;
        const char *at = region + remote->mail_head;
        sensible = read_record(at, end - remote->mail_head, &record);
        if (!sensible)
            break;
        if (remote->ahead.asked > 0 && mh_current_pass() != NULL) /* it asks in the middle of a batch */
            mh_current_pass()->row = mh_ahead_row_of(remote, record.row);
        remote->mail_head += record.size; /* turns inside of this one write behind it */
        remote->delivering++;
        *result = deliver(remote, &record, at, false);
        remote->delivering--;
    }
    if (remote->mail_head > remote->mail_most)
        remote->mail_most = remote->mail_head;
    if (remote->delivering == 0) {
        remote->mail_head = 0;
        atomic_store_explicit(&channel->mail_end, 0, memory_order_relaxed);
    }
    return sensible;
}

void mh_remote_take_row_mail(mh_remote *remote, uint64_t row) {
    mh_channel *channel = remote->channel;
    size_t end = atomic_load_explicit(&channel->mail_end, memory_order_acquire);
    mh_mail_record record;
    if (end > MH_REGION)
        return;
    while (remote->mail_head < end) {
        const char *at = mh_mail_region(channel) + remote->mail_head;
        if (!read_record(at, end - remote->mail_head, &record) || record.row > row)
            return;
        remote->mail_head += record.size;
        deliver(remote, &record, at, false);
    }
    if (remote->mail_head > remote->mail_most)
        remote->mail_most = remote->mail_head;
    remote->mail_head = 0;
    atomic_store_explicit(&channel->mail_end, 0, memory_order_relaxed);
}

int64_t mh_remote_take_outside(mh_remote *remote) {
    mh_mail_record record;
    const char *at = mh_outside_region(remote->channel);
    memcpy(&record, at, sizeof record);
    if (record.size < sizeof record || record.size > MH_REGION)
        return -1;
    return deliver(remote, &record, at, true);
}

static uint64_t room_in(const mh_queue *queue) {
    size_t used = queue->tail - queue->head;
    return used < queue->limit ? queue->limit - used : 0;
}

uint64_t mh_remote_room(mh_remote *remote) {
    mh_host *host = remote->instance->host;
    mh_pass *pass = mh_current_pass();
    if (pass == NULL || !pass->collect)
        return 0; /* others write to that queue as well */
    return pass->mail != NULL ? room_in(&pass->mail->sent) : host->limits.outbox_bytes;
}
