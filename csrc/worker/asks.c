/* asks.c - what the module asks of the network. The host makes the requests; who gets the answers is kept
 * here, and the host knows each by its address, which it follows nowhere. */
#define _GNU_SOURCE
#include "worker.h"

#include "../requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An open request. */
typedef struct ask {
    struct ask *next, *previous;
    int refs;      /* who is asking, and the list. With the lock. */
    bool listed;   /* With the lock. */
    bool accepted; /* With the lock. */
    mh_instance *from;
    mh_request_kind kind;
    mh_receiver receiver;
    char words[MH_REQUEST_ROOM]; /* what is asked for, cut */
} ask;


static mh_instance *_Atomic module; /* that has asked for something */
static ask *open_asks;
static pthread_mutex_t asks_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- Those that are open ------------------------------------------------------------------------------- */

/* What is missing the host refuses, in words. */
static const char *given(const char *text) { return text != NULL ? text : ""; }

static void write_words(const mh_what *what, char words[MH_REQUEST_ROOM]) {
    switch (what->kind) {
    case MH_HTTP:
        snprintf(words, MH_REQUEST_ROOM, "%s %s", what->http.post != NULL ? "POST" : "GET",
                 given(what->http.url));
        break;
    case MH_FCGI:
        snprintf(words, MH_REQUEST_ROOM,
                 given(what->fcgi.host)[0] == '/' ? "fastcgi://%s" : "fastcgi://%s:%lld",
                 given(what->fcgi.host), (long long)what->fcgi.port);
        break;
    case MH_SOCKET: snprintf(words, MH_REQUEST_ROOM, "%s", given(what->socket.url)); break;
    }
}

static ask *open_ask(mh_instance *from, const mh_what *what, const mh_receiver *receiver) {
    ask *made = calloc(1, sizeof *made);
    if (made == NULL)
        return NULL;
    *made = (ask){.refs = 2, .listed = true, .from = from, .kind = what->kind, .receiver = *receiver};
    write_words(what, made->words);
    pthread_mutex_lock(&asks_lock);
    made->next = open_asks;
    if (open_asks != NULL)
        open_asks->previous = made;
    open_asks = made;
    pthread_mutex_unlock(&asks_lock);
    return made;
}

/* With the lock. */
static void strike(ask *over) {
    if (over->previous != NULL)
        over->previous->next = over->next;
    else
        open_asks = over->next;
    if (over->next != NULL)
        over->next->previous = over->previous;
    over->listed = false;
    over->refs--;
}

/* With the lock, which it lets go. */
static void unlock_and_free(ask *left) {
    bool is_last = left->refs == 0;
    pthread_mutex_unlock(&asks_lock);
    if (!is_last)
        return;
    if (left->receiver.release != NULL)
        left->receiver.release(left->receiver.cbdata);
    free(left);
}

/* Behind the last answer. */
static void forget(ask *over) {
    pthread_mutex_lock(&asks_lock);
    if (over->listed)
        strike(over);
    unlock_and_free(over);
}

/* The host has said what it makes of it; by then it may have been answered. */
static void done_asking(ask *made, bool accepted) {
    pthread_mutex_lock(&asks_lock);
    made->accepted = accepted;
    if (!accepted && made->listed)
        strike(made);
    made->refs--;
    unlock_and_free(made);
}

/* ---- Answers ------------------------------------------------------------------------------------------- */

static int64_t call_sink(ask *asked, const mh_answer *answer) {
    mh_frame frame;
    mh_push(&frame, asked->from, mh_current_pass(), NULL); /* a synchronous one is in a pass */
    int64_t code = asked->receiver.sink(&asked->receiver, answer);
    mh_pop(&frame);
    if (mh_answer_is_last(answer))
        forget(asked);
    return code;
}

static const char *next_text(const char **at, uint64_t len) {
    const char *text = *at;
    if (len == MH_NULL_TEXT)
        return NULL;
    *at += len + 1;
    return text;
}

static mh_answer read_answer(const char *at) {
    const mh_answer_record *record = (const mh_answer_record *)(const void *)at;
    at += sizeof *record;
    mh_answer answer = {.kind = (mh_answer_kind)record->kind,
                        .progress = record->progress,
                        .status = record->status,
                        .size = record->len != MH_NULL_TEXT ? record->len : 0};
    answer.content_type = next_text(&at, record->type_len);
    answer.data = next_text(&at, record->len);
    return answer;
}

/* With the data where reading on is a fault, as behind a message. */
static int64_t call_guarded(ask *asked, mh_answer *answer) {
    loan *lent = loan_begin();
    const char *placed =
        lent != NULL && answer->data != NULL ? loan_data(lent, answer->data, answer->size) : NULL;
    if (placed != NULL)
        answer->data = placed;
    channel->crash.message = (uint64_t)(uintptr_t)answer->data;
    channel->crash.message_size = answer->size;
    int64_t code = call_sink(asked, answer);
    if (lent != NULL)
        loan_end(lent);
    return code;
}

int64_t asks_answer(const char *at) {
    const mh_answer_record *record = (const mh_answer_record *)(const void *)at;
    ask *asked = (ask *)(uintptr_t)record->far;
    mh_answer answer = read_answer(at);
    mh_crash *crash = &channel->crash;
    int32_t event = crash->event; /* a synchronous one is answered inside of another call */
    uint64_t message = crash->message, size = crash->message_size;
    pthread_mutex_lock(&asks_lock); /* as another thread made it, and only the host went between */
    asked->receiver.number = record->number;
    pthread_mutex_unlock(&asks_lock);
    crash->event = MH_IN_HTTP - (int32_t)asked->kind;
    char outer[MH_REQUEST_ROOM];
    memcpy(outer, crash->request, sizeof outer);
    memcpy(crash->request, asked->words, sizeof crash->request);
    int64_t code = call_guarded(asked, &answer);
    memcpy(crash->request, outer, sizeof outer);
    crash->event = event;
    crash->message = message;
    crash->message_size = size;
    return code;
}

/* ---- Asking -------------------------------------------------------------------------------------------- */

/* A synchronous request of a thread of the module's own: it takes the answers here, one by one. */
static void wait_here(ask *made) {
    static const mh_answer failed = {.kind = MH_ANSWER_FAILED};
    int64_t returned = 0;
    bool over = false;
    while (!over) {
        char *copy;
        uint32_t seen = mh_bell_count(&channel->news);
        int64_t taken = mail_take((uintptr_t)made, returned, &copy);
        returned = 0;
        if (taken == 0) {
            mh_bell_wait(&channel->news, seen, -1);
            continue;
        }
        mh_answer answer = taken > 0 ? read_answer(copy) : failed;
        over = mh_answer_is_last(&answer);
        returned = call_sink(made, &answer);
        free(copy);
        if (over && taken > 0)
            mail_take((uintptr_t)made, 0, &copy); /* it is confirmed */
    }
}

static int64_t refuse(mh_instance *from, const mh_what *what, const mh_receiver *receiver,
                      const char *why) {
    static const char *const kinds[] = {"http", "fastcgi", "socket"};
    if (receiver->release != NULL)
        receiver->release(receiver->cbdata);
    mh_report(from, "%s refused: %s", kinds[what->kind], why);
    return -1;
}

static int64_t submit(mh_instance *from, const mh_what *what, const mh_receiver *receiver) {
    const char *why = "no memory for it";
    mh_request *copy = mh_request_copy(what, &why);
    ask *made = copy != NULL ? open_ask(from, mh_request_what(copy), receiver) : NULL;
    if (made == NULL) {
        mh_request_discard(copy);
        return refuse(from, what, receiver, why);
    }
    module = from;
    int64_t result = mail_request(copy, (uintptr_t)made, receiver->unwanted);
    mh_request_discard(copy);
    if (result == 0 && what->synchronous && !is_turn_thread)
        wait_here(made);
    done_asking(made, result == 0);
    return result;
}

static int64_t write_socket(int64_t number, const char *data, size_t len) {
    mh_instance *from = module;
    mh_bytes *bytes = from != NULL ? mh_bytes_copy(from, data, len) : NULL;
    int64_t written = bytes != NULL ? mail_write(number, bytes->data, len) : -1;
    free(bytes);
    return written;
}

/* Where the host ends them, none is left; it ends none of a module that refused its init. */
static void end(mh_instance *instance) {
    static const mh_answer closed = {.kind = MH_ANSWER_FAILED};
    (void)instance; /* there is but one */
    for (;;) {
        pthread_mutex_lock(&asks_lock);
        ask *left = open_asks;
        while (left != NULL && !left->accepted)
            left = left->next;
        pthread_mutex_unlock(&asks_lock);
        if (left == NULL)
            return;
        call_sink(left, &closed);
    }
}

const mh_elsewhere asks = {
    .submit = submit, .write = write_socket, .close = mail_close, .end = end};
