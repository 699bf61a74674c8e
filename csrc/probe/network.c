/* network.c - the network that the module asks: one that is down, or one where everybody answers. */
#define _GNU_SOURCE
#include "probe.h"

#include "../requests.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct timespec SOON = {.tv_nsec = 1000 * 1000};

static const char *body; /* what everybody answers; NULL: nobody does */
static size_t body_size;

static void fail(mh_request *request) {
    static const mh_answer failed = {.kind = MH_ANSWER_FAILED};
    mh_request_answer(request, &failed);
}

static void answer_http(mh_request *request) {
    static const char header[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
    const mh_answer out = {.kind = MH_ANSWER_REQUEST}, posted = {.kind = MH_ANSWER_REQBODY};
    const mh_answer head = {.kind = MH_ANSWER_HEADERS,
                            .status = 200,
                            .content_type = "application/json",
                            .data = header,
                            .size = sizeof header - 1};
    const mh_answer last = {
        .kind = MH_ANSWER_BODY, .progress = 100, .data = body, .size = body_size};
    mh_request_answer(request, &out);
    if (mh_request_what(request)->http.post != NULL)
        mh_request_answer(request, &posted);
    mh_request_answer(request, &head);
    mh_request_answer(request, &last);
}

static void answer_script(mh_request *request) {
    const mh_answer last = {
        .kind = MH_ANSWER_BODY, .progress = 100, .data = body, .size = body_size};
    mh_request_answer(request, &last);
}

static void answer_socket(mh_request *request) {
    const mh_answer connected = {.kind = MH_ANSWER_CONNECTED, .status = -1};
    const mh_answer written = {.kind = MH_ANSWER_WRITTEN}, closed = {.kind = MH_ANSWER_CLOSED};
    const mh_answer data = {.kind = MH_ANSWER_DATA, .data = body, .size = body_size};
    mh_request_answer(request, &connected);
    mh_request_answer(request, &written);
    mh_request_answer(request, &data);
    mh_request_answer(request, &closed);
}

static void answer(mh_request *request) {
    static void (*const whole[])(mh_request *) = {
        [MH_HTTP] = answer_http, [MH_FCGI] = answer_script, [MH_SOCKET] = answer_socket};
    if (body != NULL)
        whole[mh_request_what(request)->kind](request);
    else
        fail(request);
}

/* Soon, as a thread of services would. */
static void *serve(void *data) {
    struct pollfd wakeup = {.fd = mh_wakeup_fd(host), .events = POLLIN};
    (void)data;
    for (;;) {
        poll(&wakeup, 1, -1);
        nanosleep(&SOON, NULL); /* a module may ask again at once, for ever */
        mh_clear_wakeup(host);
        mh_command command;
        while ((command = mh_take_command(host)).kind != MH_NO_COMMAND) {
            free(command.bytes);
            if (command.kind != MH_START)
                continue;
            answer(command.request);
            mh_request_unref(command.request);
        }
    }
    return NULL;
}

bool network_start(const task *task) {
    sigset_t all, before;
    pthread_t thread;
    body = task->body;
    body_size = task->body_size;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, NULL, serve, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started)
        return false;
    host->server = thread;
    host->served = true;
    pthread_mutex_lock(&host->requests->lock);
    started = mh_dispatcher_start(host->requests); /* now: later it would count as the module's */
    pthread_mutex_unlock(&host->requests->lock);
    return started;
}
