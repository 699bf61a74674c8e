/* host.c - what the core does in a process, once each, as short as it can be. */
#define _GNU_SOURCE
#include "story.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void live(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_load rewriting = {.label = "rewrite", .path = libraries[REWRITE],
                         .entry = "mesibo_module_rewrite_init", .revision = "sdk2020"};
    mh_user user = {.online = 1, .address = "alice", .address_len = 5};
    mh_event login = {.kind = MH_ON_LOGIN, .user = &user}, call = {.kind = MH_ON_CALL};
    mh_instance *rewrite = load(host, &rewriting);
    mh_instance *echo = load_doc(host, "echo", "mesibo_module_echo_init", libraries[ECHO]);
    memset(long_text, 'a', LONG);
    process(host, "hello", 5);
    process(host, long_text, LONG);
    notify(host, &login);
    notify(host, &call);
    run_batch(host);
    end_module(echo);
    end_module(rewrite);
    take_host(host);
    mh_host_free(host);
}

static mh_instance *scripted;
static bool is_closing; /* it: its requests fail then */

static int64_t script_init(void *self, mh_instance *instance) {
    (void)self;
    scripted = instance;
    return 0;
}

static int64_t take_answer(const mh_receiver *receiver, const mh_answer *answer) {
    static const char *const words[] = {"request", "reqbody", "headers", "body", "failed", "cancelled",
                                        "connected", "written", "data", "closed"};
    (void)receiver;
    if (answer->kind == MH_ANSWER_FAILED && !is_closing)
        why("a request failed\n"); /* which may be all that its module gets to know */
    else
        see("answer %s\n", words[answer->kind]);
    return 0;
}

static int64_t ask_for_all(void *self, const mh_event *event) {
    mh_what http = {.kind = MH_HTTP, .http = {.url = "http://nowhere/", .post = "body",
                                              .post_len = MH_TERMINATED}};
    mh_what fcgi = {.kind = MH_FCGI, .fcgi = {.host = "/nowhere", .body = "body", .body_len = 4,
                                              .names = {"SCRIPT_NAME"}, .values = {"/x"}}};
    mh_what socket = {.kind = MH_SOCKET, .socket = {.url = "ws://nowhere/"}};
    mh_what *all[] = {&http, &fcgi, &socket};
    (void)self;
    for (int i = 0; i < 3; i++) {
        mh_receiver receiver = {.sink = take_answer};
        see("submitted: %d\n", (int)mh_submit(scripted, all[i], &receiver));
    }
    mh_log_text(scripted, 0, "cleanup", 7);
    return event->kind == MH_ON_MESSAGE ? 0 : -1;
}

void ask(char **libraries) {
    (void)libraries;
    mh_host *host = open_host();
    if (host == NULL)
        return;
    is_closing = false;
    mh_script script = {.events = 1u << MH_ON_MESSAGE, .init = script_init, .on_event = ask_for_all};
    mh_load what = {.label = "script", .revision = "sdk2020", .script = &script};
    mh_instance *loaded = load(host, &what);
    if (loaded != NULL) {
        process(host, "hello", 5);
        serve(host);
        if (!mh_wait_idle(host, 60))
            see("requests stay open\n");
        process(host, "again", 5); /* and its requests end with it */
    }
    is_closing = true;
    end_module(loaded);
    take_host(host);
    mh_host_free(host);
}

void trace(char **libraries) {
    mh_host *host = open_host();
    mh_traced traced;
    char path[] = "/tmp/mesibo_trace_XXXXXX";
    int file = host != NULL ? mkstemp(path) : -1;
    if (file < 0)
        return;
    unlink(path);
    mh_host_time(host);
    if (!mh_host_trace(host, file, MH_TRACE_LINES)) {
        why("no memory for a trace\n");
        close(file);
    }
    mh_instance *echo = load_doc(host, "echo", "mesibo_module_echo_init", libraries[ECHO]);
    process(host, "hello", 5);
    end_module(echo);
    mh_host_stop(host);
    mh_host_traced(host, &traced);
    see("%d crossings\n", (int)traced.crossings);
    if (traced.dropped > 0 || traced.error != 0)
        why("%d crossings are not written: %s\n", (int)traced.dropped, strerror(traced.error));
    take_host(host);
    mh_host_free(host);
}

/* A revision that has to be found out, in children. */
void guess(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_load what = {.label = "bare", .path = libraries[BARE], .entry = "mesibo_module_bare_init",
                    .revision = "sdk2019", .otherwise = "sdk2020", .guessed = true};
    mh_instance *bare = load(host, &what);
    if (bare != NULL)
        see("it is %s\n", mh_instance_revision(bare));
    end_module(bare);
    take_host(host);
    mh_host_free(host);
}

void thread(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_load what = {.label = "threads", .path = libraries[THREAD],
                    .entry = "mesibo_module_one_thread_init", .revision = "sdk2020"};
    mh_instance *threads = load(host, &what);
    process(host, "hello", 5);
    end_module(threads); /* it waits for them */
    take_host(host);
    mh_host_free(host);
}

void try(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_load what = {.label = "fetch", .path = libraries[FETCH], .entry = "mesibo_module_fetch_init",
                    .revision = "doc2019"};
    mh_params params = {.id = 7, .to = "bob", .to_len = 3};
    mh_event event = {.kind = MH_ON_MESSAGE, .params = &params, .message = "http://nowhere/", .len = 16};
    mh_placing placing = {.message = MH_AT_END, .params = MH_AT_END, .addresses = MH_AT_END};
    mh_step step = {.answer = {.kind = MH_ANSWER_BODY, .progress = 100, .data = "hello", .size = 5}};
    mh_planning planning = {.place = MH_AT_END, .seal = true};
    mh_refusal refusal;
    mh_misuse misuse;
    mh_asked asked;
    uint64_t calls = 0;
    mh_trial *trial = mh_trial_new(host, &what, MH_AT_END, &refusal);
    if (trial == NULL) {
        why("no trial: %d %s\n", refusal.kind, refusal.text);
        take_host(host);
        mh_host_free(host);
        return;
    }
    see("init %d\n", (int)mh_trial_init(trial, &(mh_offer){0}));
    if (!mh_trial_place(trial, &event, &placing))
        why("no memory for the message\n");
    else
        see("called: %d\n", (int)mh_trial_call(trial));
    if (!mh_trial_plan(trial, &step, 1, &planning))
        why("no memory for the plan\n");
    if (mh_trial_asked(trial, 0, &asked) && mh_trial_play(trial, asked.id, &calls))
        see("%d calls\n", (int)calls);
    see("cleanup %d\n", (int)mh_trial_cleanup(trial));
    bool unmapped = mh_trial_close(trial);
    while (mh_trial_misuse(trial, &misuse))
        why("%s\n", misuse.text);
    mh_trial_free(trial, !unmapped);
    take_host(host);
    mh_host_free(host);
}
