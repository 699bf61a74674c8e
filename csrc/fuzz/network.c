/* network.c - the other side of what the module asks of the network: the replies of the case, on the
 * thread of the case. Nothing leaves the process. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

typedef struct asked {
    struct asked *next;
    mh_request *request; /* held */
} asked;

static asked *first; /* the oldest */
static const fuzz_case *replies;
static const size_t *place; /* in it */
static size_t used;         /* by synchronous requests: replies before this one are said */

/* ---- What was asked ------------------------------------------------------------------------------ */

static void take(void) {
    mh_command command;
    while ((command = mh_take_command(fuzz_host)).kind != MH_NO_COMMAND) {
        if (command.kind == MH_WRITE)
            free(command.bytes);
        if (command.kind != MH_START)
            continue;
        asked **link = &first, *new = calloc(1, sizeof *new);
        if (new == NULL)
            abort();
        while (*link != NULL)
            link = &(*link)->next;
        new->request = command.request;
        *link = new;
    }
}

static void drop(asked **link) {
    asked *done = *link;
    *link = done->next;
    mh_request_unref(done->request);
    free(done);
}

static void drop_over(void) {
    for (asked **link = &first; *link != NULL;)
        if ((*link)->request->over)
            drop(link);
        else
            link = &(*link)->next;
}

/* ---- Answers ----------------------------------------------------------------------------------------- */

/* What it has of bytes is the module's until the callback returns. */
static void say(mh_request *request, mh_answer answer) {
    if (request->over)
        return;
    void *data = answer.data != NULL ? fuzz_lend(answer.data, answer.size) : NULL;
    answer.data = data;
    mh_request_deliver(fuzz_host->requests, request, &answer);
    fuzz_take_back(data);
    take();
}

/* All of it in pieces. The last has `last` percent, where it is not a socket's. */
static void say_data(mh_request *request, mh_answer_kind kind, const fuzz_step *reply, int last) {
    fuzz_text all = reply->data;
    size_t size = reply->piece > 0 ? reply->piece : all.len, at = 0;
    while (all.len - at > size) {
        say(request, (mh_answer){.kind = kind,
                                 .progress = (int)(1 + at * 98 / all.len),
                                 .data = (const char *)all.bytes + at,
                                 .size = size});
        at += size;
    }
    say(request, (mh_answer){.kind = kind,
                             .progress = last,
                             .data = (const char *)all.bytes + at,
                             .size = all.len - at});
}

static void say_header(mh_request *request, const fuzz_step *reply) {
    static const char header[] = "HTTP/1.1 200 OK\r\n\r\n";
    char *type = reply->present & FUZZ_HAS_TYPE ? fuzz_lend_text(reply->type) : NULL;
    say(request, (mh_answer){.kind = MH_ANSWER_HEADERS,
                             .status = (int64_t)reply->number,
                             .content_type = type,
                             .data = header,
                             .size = sizeof header - 1});
    fuzz_take_back(type);
}

/* Without a reply: nobody is there. */
static void answer(mh_request *request, const fuzz_step *reply) {
    bool fails = reply == NULL || reply->present & FUZZ_FAILS;
    mh_request_kind kind = request->what.kind;
    if (reply != NULL && kind == MH_HTTP) {
        say(request, (mh_answer){.kind = MH_ANSWER_REQUEST});
        say(request, (mh_answer){.kind = MH_ANSWER_REQBODY});
        say_header(request, reply);
        say_data(request, MH_ANSWER_BODY, reply, fails ? 99 : 100);
    } else if (reply != NULL && kind == MH_FCGI && !fails) {
        say(request, (mh_answer){.kind = MH_ANSWER_BODY,
                                 .progress = 100,
                                 .data = (const char *)reply->data.bytes,
                                 .size = reply->data.len});
    } else if (reply != NULL && kind == MH_SOCKET) {
        say(request, (mh_answer){.kind = MH_ANSWER_CONNECTED, .status = 100});
        say_data(request, MH_ANSWER_DATA, reply, 0);
        if (!fails)
            say(request, (mh_answer){.kind = MH_ANSWER_CLOSED});
    }
    say(request, (mh_answer){.kind = MH_ANSWER_FAILED});
}

/* ---- For a case ------------------------------------------------------------------------------------- */

void fuzz_network_begin(const fuzz_case *what, const size_t *at) {
    replies = what;
    place = at;
    used = 0;
}

void fuzz_network_play(const fuzz_step *reply) {
    size_t at = (size_t)(reply - replies->steps);
    take();
    drop_over();
    if (at < used || first == NULL)
        return;
    answer(first->request, reply);
    drop_over();
}

void fuzz_network_answer(void *context, mh_request *request) {
    (void)context;
    size_t at = *place + 1 > used ? *place + 1 : used;
    while (at < replies->count && replies->steps[at].kind != FUZZ_REPLY)
        at++;
    take();
    used = at < replies->count ? at + 1 : used;
    answer(request, at < replies->count ? &replies->steps[at] : NULL);
    drop_over();
}

void fuzz_network_end(void) {
    take();
    while (first != NULL)
        drop(&first);
}

bool fuzz_network_is_idle(void) {
    take();
    return first == NULL;
}

void fuzz_network_forget(mh_instance *instance) {
    fuzz_network_end();
    mh_requests_drop(instance, 0);
}
