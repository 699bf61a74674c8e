/* story.c - see story.h. */
#define _GNU_SOURCE
#include "story.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300 };

story *told;
char long_text[LONG + 1];

static const struct {
    const char *name;
    scenario run;
} scenarios[] = {{"life", live},       {"requests", ask},    {"trace", trace},
                 {"guess", guess},     {"threads", thread},  {"trial", try},
                 {"isolated", isolate}, {"isolated network", isolate_network},
                 {"limits", limit},    {"crash", crash}};

scenario find_scenario(const char *name) {
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return scenarios[i].run;
    return NULL;
}

/* ---- What is told ------------------------------------------------------------------------------------- */

/* From any thread of the core's. */
static void append(char *to, size_t size, const char *format, va_list args) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    size_t len = strlen(to);
    vsnprintf(to + len, size - len, format, args);
    pthread_mutex_unlock(&lock);
}

void see(const char *format, ...) {
    va_list args;
    va_start(args, format);
    append(told->seen, sizeof told->seen, format, args);
    va_end(args);
}

void why(const char *format, ...) {
    va_list args;
    va_start(args, format);
    append(told->why, sizeof told->why, format, args);
    va_end(args);
}

static int by_text(const void *one, const void *other) {
    return strcmp(*(char *const *)one, *(char *const *)other);
}

void sort_seen(void) {
    static char *lines[4096], sorted[sizeof told->seen];
    size_t count = 0;
    strcpy(sorted, told->seen);
    for (char *line = strtok(sorted, "\n"); line != NULL && count < 4096; line = strtok(NULL, "\n"))
        lines[count++] = line;
    qsort(lines, count, sizeof lines[0], by_text);
    told->seen[0] = '\0';
    for (size_t i = 0; i < count; i++)
        sprintf(told->seen + strlen(told->seen), "%s\n", lines[i]);
}

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

mh_host *open_host(void) {
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

void take_host(mh_host *host) {
    mh_queue queue;
    mh_take_sent(host, &queue);
    take_sent(&queue);
    mh_queue_free(&queue);
    mh_take_logs(host, &queue);
    take_lines(&queue);
    mh_queue_free(&queue);
}

mh_instance *load(mh_host *host, mh_load *what) {
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

mh_instance *load_doc(mh_host *host, const char *name, const char *entry, char *library) {
    mh_item items[] = {{"limit", "7"}, {"name", "bob"}};
    mh_load what = {.label = name, .path = library, .entry = entry, .revision = "doc2019",
                    .items = items, .item_count = 2};
    return load(host, &what);
}

void end_module(mh_instance *instance) {
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

void process(mh_host *host, const char *text, size_t len) {
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

void notify(mh_host *host, const mh_event *event) {
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

void run_batch(mh_host *host) {
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

/* Answers all that is asked for, and what is written to a socket. */
void serve(mh_host *host) {
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
