/* One thread asks, without a pause; another serves and sleeps whenever there is nothing to do. It must
 * be woken for whatever comes then. */
#include "host.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { REQUESTS = 200000 };

static mh_instance *asking;

static int64_t keep(void *self, mh_instance *instance) {
    (void)self;
    asking = instance;
    return 0;
}

static int64_t ignore(void *self, const mh_event *event) {
    (void)self;
    (void)event;
    return 0;
}

static int64_t end(void *self) {
    (void)self;
    return 0;
}

static int64_t take(const mh_receiver *receiver, const mh_answer *answer) {
    (void)receiver;
    (void)answer;
    return 0;
}

static bool serve(void *context) {
    (void)context;
    return true;
}

static void *ask(void *unused) {
    mh_what what = {.kind = MH_HTTP, .http = {.url = "http://nowhere/"}};
    mh_receiver receiver = {.sink = take};
    for (int i = 0; i < REQUESTS; i++)
        if (mh_submit(asking, &what, &receiver) != 0)
            abort();
    return unused;
}

/* Answers what waits; returns how many that were. */
static int answer(mh_host *host) {
    mh_answer body = {.kind = MH_ANSWER_BODY, .progress = 100};
    mh_command command;
    int count = 0;
    mh_clear_wakeup(host);
    for (; (command = mh_take_command(host)).kind != MH_NO_COMMAND; count++) {
        mh_request_answer(command.request, &body);
        mh_request_unref(command.request);
    }
    return count;
}

int main(void) {
    mh_hooks hooks = {.serve = serve};
    mh_limits limits = {.outbox_bytes = 1 << 20, .log_bytes = 1 << 20, .requests = REQUESTS};
    mh_script script = {.init = keep, .on_event = ignore, .cleanup = end};
    mh_load load = {.label = "asking", .revision = "sdk2020", .script = &script};
    mh_refusal refusal;
    mh_pass pass = {0};
    mh_host *host = mh_host_new(&hooks, &limits, false);
    mh_instance *instance = host != NULL ? mh_load_module(host, &load, &pass, &refusal) : NULL;
    pthread_t asker;
    if (instance == NULL || pthread_create(&asker, NULL, ask, NULL) != 0)
        return 2;
    int served = 0;
    while (served < REQUESTS) {
        struct pollfd woken = {.fd = mh_wakeup_fd(host), .events = POLLIN};
        if (poll(&woken, 1, 5000) == 0)
            break;
        served += answer(host);
    }
    printf("%d of %d served\n", served, REQUESTS);
    if (served < REQUESTS)
        return 1;
    pthread_join(asker, NULL);
    int64_t code;
    mh_damage damage;
    mh_close(instance, &pass, -1, &code, &damage);
    mh_instance_unref(instance);
    mh_host_free(host);
    return 0;
}
