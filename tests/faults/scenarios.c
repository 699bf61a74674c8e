/* scenarios.c - what the core does, once each, as short as it can be. The libraries: echo (doc2019), rewrite,
 * one_thread and bare (sdk2020), fetch and ends (doc2019); behind them the worker program. */
#define _GNU_SOURCE
#include "story.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ECHO, REWRITE, THREAD, BARE, FETCH, ENDS, WORKER };
enum { LONG = 5000, ROWS = 300 };

/* ---- A host, and what comes out of it --------------------------------------------------------------- */

static bool served(void *context) {
    (void)context;
    return true; /* the scenario takes the commands itself */
}

static void ended(void *context, mh_instance *instance, const mh_event *event, const mh_crash *crash) {
    (void)context;
    mh_upcall_failed();
    if (crash != NULL && event != NULL && (crash->code == 5 || crash->signal == SIGKILL))
        see("%s ended, as it was asked to\n", mh_label(instance));
    else if (crash != NULL)
        why("%s ended: kind %u, signal %d, code %d\n", mh_label(instance), crash->kind, crash->signal,
            crash->code);
    else
        why("%s is down\n", mh_label(instance));
}

static mh_host *open_host(void) {
    mh_hooks hooks = {.serve = served, .ended = ended};
    mh_limits limits = {.outbox_bytes = 32 << 20, .log_bytes = 1 << 20, .requests = 8};
    errno = 0;
    mh_host *host = mh_host_new(&hooks, &limits, false);
    if (host == NULL && errno != 0)
        why("no host: %s\n", strerror(errno));
    return host;
}

/* A module of these logs "hello" and the like; what the host says about one is a reason. */
static void take_lines(mh_queue *logs) {
    mh_line line;
    for (; mh_line_front(logs, &line); mh_queue_pop(logs))
        if (strncmp(line.text, "http returned 0", 15) == 0 || strcmp(line.text, "on my own") == 0 ||
            strcmp(line.text, "cleanup") == 0 || strcmp(line.text, "system call") == 0 ||
            strcmp(line.text, "kill") == 0 || strcmp(line.text, "fine") == 0)
            see("%s\n", line.text);
        else
            why("%s: %s\n", line.label, line.text);
    if (logs->dropped > 0)
        why("%d lines are lost\n", (int)logs->dropped);
}

static void see_sent(const mh_sent *sent) {
    see("%.*s sent %d to %s: %.*s\n", (int)sent->label_len, sent->label, (int)sent->len,
        sent->params.to != NULL ? sent->params.to : "a group", sent->len < 5 ? (int)sent->len : 5,
        sent->message);
}

static void take_sent(mh_queue *sent) {
    mh_sent each;
    for (; mh_sent_front(sent, &each); mh_queue_pop(sent))
        see_sent(&each);
    if (sent->dropped > 0)
        why("%d messages are lost\n", (int)sent->dropped);
}

static void take_pass(mh_pass *pass) {
    if (pass->mail != NULL) {
        take_sent(&pass->mail->sent);
        take_lines(&pass->mail->logs);
        for (size_t i = 0; i < pass->mail->returned_count; i++)
            see("returned %d\n", (int)pass->mail->returned[i].code);
    }
    mh_mail_free(pass->mail);
    pass->mail = NULL;
}

static void take_host(mh_host *host) {
    mh_queue queue;
    mh_take_sent(host, &queue);
    take_sent(&queue);
    mh_queue_free(&queue);
    mh_take_logs(host, &queue);
    take_lines(&queue);
    mh_queue_free(&queue);
}

static mh_instance *load(mh_host *host, mh_load *what) {
    static const char *const kinds[] = {"accepted", "no memory", "host closed", "no such revision",
                                        "not opened", "no entry", "guess crashed", "init refused",
                                        "init failed", "init damaged", "bad slot", "not started",
                                        "init crashed", "not limited"};
    mh_pass pass = {.collect = true};
    mh_refusal refusal;
    mh_instance *loaded = mh_load_module(host, what, &pass, &refusal);
    bool says_enough = refusal.kind == MH_NO_MEMORY || refusal.kind == MH_GUESS_CRASHED;
    if (loaded == NULL && (refusal.text[0] != '\0' || says_enough))
        why("not loaded: %s: %s\n", kinds[refusal.kind], refusal.text);
    take_pass(&pass);
    see("%s %s\n", what->label, loaded != NULL ? "loaded" : "not loaded");
    return loaded;
}

static mh_instance *load_doc(mh_host *host, const char *name, const char *entry, char *library) {
    mh_item items[] = {{"limit", "7"}, {"name", "bob"}};
    mh_load what = {.label = name, .path = library, .entry = entry, .revision = "doc2019",
                    .items = items, .item_count = 2};
    return load(host, &what);
}

static void end(mh_instance *instance) {
    mh_pass pass = {.collect = true};
    mh_damage damage;
    int64_t code;
    if (instance == NULL)
        return;
    see("closed: %d\n", (int)mh_close(instance, &pass, -1, &code, &damage));
    take_pass(&pass);
    mh_instance_unref(instance);
}

static bool is_shortage(mh_failure failure) {
    return failure == MH_NO_MEMORY_FOR_IT || failure == MH_REWRITE_LOST;
}

static void process(mh_host *host, const char *text, size_t len) {
    mh_params params = {.id = 7, .to = "bob", .to_len = 3};
    mh_event event = {.kind = MH_ON_MESSAGE, .params = &params, .message = text, .len = len};
    mh_pass pass = {.collect = true};
    mh_outcome out;
    if (mh_process(host, &event, &pass, &out) != MH_CALLED)
        why("not called\n");
    see("result %d, %.9s\n", out.result, out.rewritten != NULL ? out.rewritten : "as it was");
    if (out.failed != NULL && is_shortage(out.failure))
        why("no memory for the message\n");
    free(out.rewritten);
    mh_instance_unref(out.by);
    mh_instance_unref(out.failed);
    take_pass(&pass);
}

static void notify(mh_host *host, const mh_event *event) {
    mh_pass pass = {.collect = true};
    if (mh_notify(host, event, NULL, &pass) == MH_NO_ROOM)
        why("no room for what the modules returned\n");
    take_pass(&pass);
}

/* ---- Many rows ---------------------------------------------------------------------------------------- */

static void fill(char *bytes, int32_t *ends) {
    ends[0] = 0;
    for (int row = 0; row < ROWS; row++) {
        memcpy(bytes + 5 * row, "hello", 5);
        ends[row + 1] = 5 * (row + 1);
    }
}

static void run_batch(mh_host *host) {
    static char bytes[5 * ROWS];
    static int32_t ends[ROWS + 1], by[ROWS];
    static int8_t results[ROWS];
    static uint64_t groups[ROWS];
    uint64_t done = 0, failed = 0;
    fill(bytes, ends);
    for (int row = 0; row < ROWS; row++)
        groups[row] = 1;
    mh_text_column text = {.layout = MH_TEXT_OFFSETS_32, .index = ends, .bytes = bytes};
    mh_batch batch = {.columns = {.message = text}, .results = results, .by = by};
    batch.columns.words[3] = (mh_word_column){.values = groups, .size = 8}; /* groupid */
    if (!mh_batch_begin(host, &batch)) {
        why("the batch has no memory\n");
        return;
    }
    if (mh_batch_run(&batch, 0, ROWS, &done) != MH_CALLED)
        why("the batch stops: no memory\n");
    for (uint64_t row = 0; row < done; row++)
        failed += results[row] < 0;
    for (size_t i = 0; i < batch.failure_count; i++)
        if (is_shortage(batch.failures[i].failure))
            why("no memory for row %d\n", (int)batch.failures[i].row);
    see("%d rows, %d failed, %d rewritten\n", (int)done, (int)failed, (int)batch.rewritten_count);
    for (size_t i = 0; i < batch.sent.count; i++) {
        mh_sent sent;
        mh_sent_at(&batch.sent, i, &sent);
        see_sent(&sent);
    }
    take_lines(&batch.logs);
    if (batch.mail != NULL) {
        if (batch.mail->sent.dropped + batch.mail->logs.dropped > 0)
            why("%d lost in the batch\n", (int)(batch.mail->sent.dropped + batch.mail->logs.dropped));
        take_lines(&batch.mail->logs);
    }
    mh_batch_end(&batch);
}

/* ---- Scenarios ---------------------------------------------------------------------------------------- */

static char long_text[LONG + 1];

static void live(char **libraries) {
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
    end(echo);
    end(rewrite);
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

/* Answers all that is asked for, and what is written to a socket. */
static void serve(mh_host *host) {
    mh_command command;
    mh_clear_wakeup(host);
    while ((command = mh_take_command(host)).kind != MH_NO_COMMAND) {
        if (command.kind == MH_WRITE) {
            see("%d bytes for a socket\n", (int)command.bytes->size);
            free(command.bytes);
        }
        if (command.kind != MH_START)
            continue;
        const mh_what *what = mh_request_what(command.request);
        mh_answer body = {.kind = MH_ANSWER_BODY, .progress = 100, .data = "hello", .size = 5};
        mh_answer connected = {.kind = MH_ANSWER_CONNECTED, .status = 1};
        mh_answer closed = {.kind = MH_ANSWER_CLOSED};
        if (what->kind == MH_SOCKET) {
            mh_request_answer(command.request, &connected);
            see("wrote %d\n", (int)mh_socket_write(mh_request_number(command.request), "hello", 5));
            mh_request_answer(command.request, &closed);
        } else {
            mh_request_answer(command.request, &body);
        }
        mh_request_unref(command.request);
    }
}

static void ask(char **libraries) {
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
    end(loaded);
    take_host(host);
    mh_host_free(host);
}

static void trace(char **libraries) {
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
    end(echo);
    mh_host_stop(host);
    mh_host_traced(host, &traced);
    see("%d crossings\n", (int)traced.crossings);
    if (traced.dropped > 0 || traced.error != 0)
        why("%d crossings are not written: %s\n", (int)traced.dropped, strerror(traced.error));
    take_host(host);
    mh_host_free(host);
}

/* A revision that has to be found out, in children. */
static void guess(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_load what = {.label = "bare", .path = libraries[BARE], .entry = "mesibo_module_bare_init",
                    .revision = "sdk2019", .otherwise = "sdk2020", .guessed = true};
    mh_instance *bare = load(host, &what);
    if (bare != NULL)
        see("it is %s\n", mh_instance_revision(bare));
    end(bare);
    take_host(host);
    mh_host_free(host);
}

static void thread(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_load what = {.label = "threads", .path = libraries[THREAD],
                    .entry = "mesibo_module_one_thread_init", .revision = "sdk2020"};
    mh_instance *threads = load(host, &what);
    process(host, "hello", 5);
    end(threads); /* it waits for them */
    take_host(host);
    mh_host_free(host);
}

static mh_instance *load_limited(mh_host *host, const char *name, const char *entry, char **libraries,
                                 int which, mh_worker_limits limits) {
    mh_isolation isolation = {.worker = libraries[WORKER], .deadline = 60, .init_deadline = 60,
                              .restarts = 5, .period = 3600, .limits = limits};
    mh_item items[] = {{"limit", "7"}};
    mh_load what = {.label = name, .path = libraries[which], .entry = entry, .revision = "doc2019",
                    .isolation = &isolation, .items = items, .item_count = 1};
    return load(host, &what);
}

static mh_instance *load_isolated(mh_host *host, const char *name, const char *entry, char **libraries,
                                  int which) {
    return load_limited(host, name, entry, libraries, which, (mh_worker_limits){0});
}

static void isolate(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_instance *echo = load_isolated(host, "echo", "mesibo_module_echo_init", libraries, ECHO);
    process(host, "hello", 5);
    process(host, long_text, LONG);
    run_batch(host);
    end(echo);
    take_host(host);
    mh_host_free(host);
}

static void isolate_network(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_instance *fetch = load_isolated(host, "fetch", "mesibo_module_fetch_init", libraries, FETCH);
    process(host, "http://nowhere/", 16);
    serve(host);
    if (!mh_wait_idle(host, 60))
        see("requests stay open\n");
    end(fetch);
    take_host(host);
    mh_host_free(host);
}

/* With as much memory as a sanitizer wants. */
static void limit(char **libraries) {
    mh_worker_limits limits = {
        .memory = 1ull << 44, .cpu_time = 3600, .open_files = 50, .no_network = true};
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_instance *echo = load_limited(host, "echo", "mesibo_module_echo_init", libraries, ECHO, limits);
    process(host, "hello", 5);
    end(echo);
    take_host(host);
    mh_host_free(host);
}

/* Its process ends, and there is another behind it. */
static void crash(char **libraries) {
    mh_host *host = open_host();
    if (host == NULL)
        return;
    mh_instance *ends = load_isolated(host, "ends", "mesibo_module_ends_init", libraries, ENDS);
    process(host, "system call", 11);
    process(host, "kill", 4);
    process(host, "fine", 4);
    end(ends);
    take_host(host);
    mh_host_free(host);
}

static void try(char **libraries) {
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

const named_scenario scenarios[] = {{"life", live},       {"requests", ask},    {"trace", trace},
                                    {"guess", guess},     {"threads", thread},  {"isolated", isolate},
                                    {"isolated network", isolate_network},      {"crash", crash},
                                    {"trial", try},       {"limits", limit},    {NULL, NULL}};
