/* answers.c - the requests of a module in its worker: the host's own service makes them, and each answer is
 * a turn of the worker that asked. */
#define _GNU_SOURCE
#include "remote.h"

#include <string.h>

/* ---- Answers ------------------------------------------------------------------------------------------- */

static size_t room_of(const char *text, size_t len) { return text != NULL ? len + 1 : 0; }

static char *put(char *at, const char *text, size_t len) {
    if (text == NULL)
        return at;
    memcpy(at, text, len);
    at[len] = '\0';
    return at + len + 1;
}

static size_t size_of(const mh_answer *answer) {
    const char *type = answer->content_type;
    return mh_padded(sizeof(mh_answer_record) + room_of(type, type != NULL ? strlen(type) : 0) +
                     room_of(answer->data, answer->size));
}

static void write_answer(char *at, const mh_receiver *receiver, const mh_answer *answer) {
    const char *type = answer->content_type;
    mh_answer_record record = {.far = receiver->far,
                               .number = receiver->number,
                               .status = answer->status,
                               .kind = answer->kind,
                               .progress = answer->progress,
                               .type_len = type != NULL ? strlen(type) : MH_NULL_TEXT,
                               .len = answer->data != NULL ? answer->size : MH_NULL_TEXT,
                               .size = size_of(answer)};
    memcpy(at, &record, sizeof record);
    at = put(at + sizeof record, type, type != NULL ? strlen(type) : 0);
    put(at, answer->data, answer->size);
}

/* Whether the worker that asked is there. With the lock. */
static bool is_there(mh_remote *remote, const mh_receiver *receiver) {
    mh_remote_notice(remote);
    return receiver->life == remote->alive && !mh_remote_is_gone(remote);
}

/* It ended in a callback of a request: where that is no part of another call, it is nobody's but ours. */
static void see_to_end(mh_remote *remote, uint32_t life) {
    if (remote->depth > 0)
        return;
    if (remote->life == life && remote->up)
        mh_remote_mourn(remote, NULL);
    mh_remote_revive(remote);
}

/* The answer, or a failure where it is too long. */
static const mh_answer *fitting(mh_remote *remote, const mh_answer *answer, size_t room) {
    static const mh_answer failed = {.kind = MH_ANSWER_FAILED};
    if (size_of(answer) <= room)
        return answer;
    mh_report(remote->instance, "an answer of %zu bytes is too long for an isolated module (at most %zu); "
                                "load it without isolated", answer->size, room);
    return &failed;
}

static int64_t give_answer(const mh_receiver *receiver, const mh_answer *answer) {
    mh_remote *remote = receiver->cbdata;
    mh_turn turn;
    if (!is_there(remote, receiver))
        return -1;
    size_t at = remote->used;
    answer = fitting(remote, answer, MH_REGION - at);
    write_answer(mh_requests_region(remote->channel) + at, receiver, answer);
    remote->used = at + size_of(answer);
    bool told = mh_remote_turn(remote, MH_ORDER_ANSWER, at, remote->how.deadline, &turn);
    remote->used = at;
    if (told)
        return turn.code;
    see_to_end(remote, receiver->life);
    return -1;
}

/* For a thread of the module's own that waits in a synchronous request: on the listener, which it asks. */
static int64_t lay_out_answer(const mh_receiver *receiver, const mh_answer *answer) {
    mh_remote *remote = receiver->cbdata;
    write_answer(mh_outside_region(remote->channel), receiver, fitting(remote, answer, MH_REGION));
    return 0;
}

static void ring_news(const mh_receiver *receiver) {
    const mh_remote *remote = receiver->cbdata;
    mh_bell_ring(&remote->channel->news);
}

/* ---- Asking -------------------------------------------------------------------------------------------- */

/* What another process wrote there need be neither 0 nor 1. */
static void tidy(bool *flag) {
    unsigned char byte;
    memcpy(&byte, flag, 1);
    *flag = byte != 0;
}

static void tidy_flags(mh_what *what) {
    tidy(&what->synchronous);
    if (what->kind == MH_FCGI)
        tidy(&what->fcgi.keepalive);
    if (what->kind == MH_SOCKET) {
        tidy(&what->socket.keepalive);
        tidy(&what->socket.verify_host);
    }
}

int64_t mh_remote_submit(mh_remote *remote, const mh_mail_record *record, const char *what,
                         const char *texts, bool outside) {
    static const char *const kinds[] = {"http", "fastcgi", "socket"};
    mh_what asked;
    mh_receiver receiver = {.sink = give_answer,
                            .cbdata = remote,
                            .unwanted = record->unwanted,
                            .far = record->far,
                            .life = record->life};
    if (what == NULL || record->from_len != sizeof asked || record->life != remote->alive)
        return -1;
    memcpy(&asked, what, sizeof asked);
    if (asked.kind > MH_SOCKET)
        return -1;
    tidy_flags(&asked);
    if (remote->how.limits.no_network) {
        mh_report(remote->instance, "%s refused: it is loaded with the limit network=False",
                  kinds[asked.kind]);
        return -1;
    }
    if (outside && asked.synchronous) {
        receiver.sink = lay_out_answer;
        receiver.waiting = ring_news;
    }
    int64_t result = mh_submit_packed(remote->instance, &asked, texts, record->len, &receiver);
    if (!outside)
        remote->requested = true; /* only now: there may have been turns inside of this */
    if (record->life != remote->alive) /* it ended meanwhile, and what it had asked for was dropped */
        mh_requests_drop(remote->instance, record->life);
    return result;
}
