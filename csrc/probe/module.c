/* module.c - the module in a host that takes what it sends and logs. */
#define _GNU_SOURCE
#include "probe.h"

#include <stdlib.h>
#include <string.h>

static const double PATIENCE = 0.5; /* seconds, for requests that are to end */

mh_host *host;

/* ---- What it says --------------------------------------------------------------------------------------- */

/* Looks at each byte, so that valgrind tells of those that were never set. */
static void look_at(const char *bytes, size_t len) {
    static volatile unsigned seen;
    for (size_t i = 0; i < len; i++)
        if (bytes[i] == '\x7f')
            seen++;
}

static int64_t take_sent(void *context, mh_instance *from, const mh_params *params,
                         const char *message, size_t len) {
    (void)context, (void)from, (void)params;
    look_at(message, len);
    return 0;
}

static int64_t take_line(void *context, const mh_line *line) {
    (void)context;
    look_at(line->text, line->len);
    return 0;
}

bool host_make(const task *task) {
    static const mh_hooks hooks = {.send = take_sent, .log = take_line};
    static const mh_limits limits = {1 << 20, 1 << 20, 1 << 12};
    host = mh_host_new(&hooks, &limits, false);
    return host != NULL && network_start(task);
}

void module_settle(void) {
    mh_queue mail;
    mh_wait_idle(host, PATIENCE);
    mh_take_logs(host, &mail);
    mh_queue_free(&mail);
    mh_take_sent(host, &mail);
    mh_queue_free(&mail);
}

/* ---- Its life ------------------------------------------------------------------------------------------- */

mh_instance *module_load(const task *task) {
    mh_refusal refusal;
    mh_pass pass = {0};
    noted->call = -2;
    mh_instance *instance = mh_load_module(host, &task->what, &pass, &refusal);
    noted->call = -1;
    if (instance == NULL)
        report("refused %d %lld", (int)refusal.kind, (long long)refusal.code);
    return instance;
}

void module_close(mh_instance *instance) {
    mh_pass pass = {0};
    mh_damage damage;
    int64_t code;
    noted->call = -3;
    mh_close(instance, &pass, -1, &code, &damage);
    noted->call = -1;
    mh_instance_unref(instance);
}

void module_call(mh_instance *instance, const call *call) {
    mh_event event = call->event;
    mh_pass pass = {0};
    mh_outcome out = {0};
    char *copy = NULL;
    if (event.kind == MH_ON_MESSAGE) {
        copy = malloc(event.len + 1);
        if (copy == NULL)
            return;
        memcpy(copy, call->message, event.len);
        copy[event.len] = '\0';
        event.message = copy;
    }
    if (mh_call(instance, &event, &pass, &out) == MH_CALLED) {
        free(out.rewritten);
        if (out.by != NULL)
            mh_instance_unref(out.by);
        if (out.failed != NULL)
            mh_instance_unref(out.failed);
    }
    mh_mail_free(pass.mail);
    free(copy);
}
