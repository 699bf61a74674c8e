/* outbox.c - what modules send: checked, copied before the host function returns, and kept until
 * somebody takes it. */
#include "core.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_LIMIT = 1 << 20 };
#define NO_ADDRESS SIZE_MAX
#define LEN_LIMIT (SIZE_MAX / 4) /* no memory is that large, and sums with it do not overflow */

/* A record in the queue; behind it label, to, from and the message, each with a NUL. */
typedef struct sent_record {
    mh_params params; /* to and from: set when it is read */
    size_t label_len, to_len, from_len, len;
    uint64_t row;
} sent_record;

static bool read_record(const sent_record *record, mh_sent *out) {
    if (record == NULL)
        return false;
    const char *text = (const char *)(record + 1);
    *out = (mh_sent){.row = record->row,
                     .params = record->params,
                     .label = text,
                     .label_len = record->label_len,
                     .len = record->len};
    text += record->label_len + 1;
    if (record->to_len != NO_ADDRESS) {
        out->params.to = text;
        out->params.to_len = record->to_len;
        text += record->to_len + 1;
    }
    if (record->from_len != NO_ADDRESS) {
        out->params.from = text;
        out->params.from_len = record->from_len;
        text += record->from_len + 1;
    }
    out->message = text;
    return true;
}

bool mh_sent_front(const mh_queue *queue, mh_sent *out) {
    return read_record(mh_queue_front(queue), out);
}

bool mh_sent_next(const mh_queue *queue, size_t *at, mh_sent *out) {
    return read_record(mh_queue_next(queue, at), out);
}

static char *put(char *at, const char *text, size_t len) {
    memcpy(at, text, len);
    at[len] = '\0';
    return at + len + 1;
}

/* Reports a send whose `len` runs out of readable memory. */
static void report_unreadable(mh_instance *from, const char *message, uint64_t len, size_t read) {
    mh_report(from,
              "send refused: the message at %p is said to have %" PRIu64
              " bytes, but only %zu can be read; pass the length of the buffer that is sent",
              (const void *)message, len, read);
}

/* A length that there is no room for is most often a wrong one: true when that was reported. At most
 * `limit` bytes are looked at. */
static bool is_unreadable(mh_instance *from, const char *message, uint64_t len, size_t limit) {
    size_t step = 4096, checked = 0;
    while (checked < len && checked < limit && mh_is_readable(message + checked))
        checked += step - (((uintptr_t)message + checked) & (step - 1));
    if (checked >= len || checked >= limit)
        return false;
    report_unreadable(from, message, len, checked);
    return true;
}

enum { SMALL_COPY = 1024 };

static int64_t to_upcall(mh_instance *from, const mh_params *params, const char *message,
                         size_t len) {
    const mh_hooks *hooks = &from->host->hooks;
    char small[SMALL_COPY];
    char *copy = len < SMALL_COPY ? small : len < LEN_LIMIT ? malloc(len + 1) : NULL;
    if (copy == NULL) {
        if (!is_unreadable(from, message, len, from->host->limits.outbox_bytes))
            mh_report(from, "send refused: no memory for a message of %zu bytes", len);
        return -1;
    }
    size_t read = mh_copy_in(copy, message, len);
    int64_t result = -1;
    if (read == len) {
        copy[len] = '\0';
        result = hooks->send(hooks->context, from, params, copy, len);
    } else {
        report_unreadable(from, message, len, read);
    }
    if (copy != small)
        free(copy);
    return result;
}

/* With the queue's lock held where it has one. `read`: how many bytes of an UNREADABLE message there
 * were. */
typedef enum append_result { APPENDED, NO_ROOM, NO_MEMORY, UNREADABLE } append_result;

static append_result append(mh_queue *queue, const mh_instance *from, const mh_params *params,
                            const char *message, size_t len, size_t *read) {
    size_t to_size = params->to != NULL ? params->to_len + 1 : 0;
    size_t from_size = params->from != NULL ? params->from_len + 1 : 0;
    size_t texts = from->label_len + 1 + to_size + from_size + 1;
    size_t size = sizeof(sent_record) + texts + len;
    sent_record *record = len < LEN_LIMIT ? mh_queue_push(queue, size) : NULL;
    if (record == NULL) {
        queue->dropped++;
        return len < LEN_LIMIT && mh_queue_allows(queue, size) ? NO_MEMORY : NO_ROOM;
    }
    record->params = *params;
    record->label_len = from->label_len;
    record->to_len = params->to != NULL ? params->to_len : NO_ADDRESS;
    record->from_len = params->from != NULL ? params->from_len : NO_ADDRESS;
    record->len = len;
    record->row = mh_this_row();
    char *at = put((char *)(record + 1), from->label, from->label_len);
    if (params->to != NULL)
        at = put(at, params->to, params->to_len);
    if (params->from != NULL)
        at = put(at, params->from, params->from_len);
    *read = mh_copy_in(at, message, len);
    if (*read != len) {
        mh_queue_unpush(queue, record);
        return UNREADABLE;
    }
    at[len] = '\0';
    return APPENDED;
}

static void report_no_room(mh_instance *from, const char *message, uint64_t len, size_t limit) {
    if (!is_unreadable(from, message, len, limit))
        mh_report(from, "send refused: the outbox has no room for %" PRIu64
                        " bytes more (its limit is %zu); take what was sent", len, limit);
}

static int64_t to_outbox(mh_instance *from, const mh_params *params, const char *message,
                         uint64_t len) {
    mh_host *host = from->host;
    size_t read = 0;
    append_result result;
    mh_mail *mail = mh_pass_mail(from);
    if (mail != NULL) {
        result = append(&mail->sent, from, params, message, len, &read);
    } else {
        pthread_mutex_lock(&host->mail_lock);
        result = append(&host->sent, from, params, message, len, &read);
        pthread_mutex_unlock(&host->mail_lock);
    }
    if (result == UNREADABLE)
        report_unreadable(from, message, len, read);
    else if (result == NO_MEMORY)
        mh_report(from, "send refused: no memory for a message of %" PRIu64 " bytes", len);
    else if (result == NO_ROOM)
        report_no_room(from, message, len, host->limits.outbox_bytes);
    return result == APPENDED ? 0 : -1;
}

/* Fills in the length of an address the module gave as a string; false: it never ends. */
static bool measure(mh_instance *from, const char *which, const char *text, size_t *len) {
    long found = mh_text_len(text, ADDRESS_LIMIT);
    if (found < 0 || found == ADDRESS_LIMIT) {
        mh_report(from, "send refused: `%s` at %p has no NUL within %d readable bytes", which,
                  (const void *)text, ADDRESS_LIMIT);
        return false;
    }
    *len = (size_t)found;
    return true;
}

int64_t mh_send(mh_instance *from, const mh_params *given, const char *message, uint64_t len) {
    const mh_given what = {
        .kind = MH_GIVEN_MESSAGE, .params = given, .bytes = message, .len = len};
    if (!mh_may_go_on(from, &what))
        return -1;
    if (given == NULL) {
        mh_report(from, "send refused: params is NULL; pass a mesibo_message_params_t");
        return -1;
    }
    if (message == NULL && len > 0) {
        mh_report(from, "send refused: the message is NULL but said to have %" PRIu64 " bytes",
                  len);
        return -1;
    }
    mh_params params = *given;
    if (!measure(from, "to", params.to, &params.to_len) ||
        !measure(from, "from", params.from, &params.from_len))
        return -1;
    if (params.to_len == 0 && params.groupid == 0) {
        mh_report(from, "send refused: params have neither `to` nor `groupid`; set one of them");
        return -1;
    }
    if (message == NULL)
        message = "";
    int64_t result = from->host->hooks.send != NULL ? to_upcall(from, &params, message, len)
                                                    : to_outbox(from, &params, message, len);
    if (result >= 0)
        mh_count(&mh_own_counts(from)->sent, true);
    return result;
}

void mh_take_sent(mh_host *host, mh_queue *out) {
    pthread_mutex_lock(&host->mail_lock);
    mh_queue_swap(&host->sent, out);
    pthread_mutex_unlock(&host->mail_lock);
}
