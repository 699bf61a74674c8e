/* A host without Python: loads the module of argv[1], sends it messages, closes it. It prints what
 * came of it. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t answers; /* of the scripted module to its own request */

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* ---- A module of the embedder's own ------------------------------------------------------------ */

static mh_instance *scripted;

static int64_t script_init(void *self, mh_instance *instance) {
    (void)self;
    scripted = instance;
    return 0;
}

static int64_t count_answer(const mh_receiver *receiver, const mh_answer *answer) {
    (void)receiver;
    answers += answer->kind == MH_ANSWER_BODY && answer->progress == 100;
    return 0;
}

static int64_t script_event(void *self, const mh_event *event) {
    (void)self;
    if (event->kind == MH_ON_MESSAGE) {
        mh_what what = {.kind = MH_HTTP, .http = {.url = "http://nowhere/"}};
        mh_receiver receiver = {.sink = count_answer};
        mh_log_text(scripted, 0, event->message, event->len);
        return mh_submit(scripted, &what, &receiver);
    }
    return 1;
}

static int64_t script_cleanup(void *self) {
    (void)self;
    return 0;
}

/* ---- Serving ------------------------------------------------------------------------------------- */

static bool serve(void *context) {
    (void)context;
    return true; /* main takes the commands itself */
}

static void answer_requests(mh_host *host) {
    mh_command command;
    mh_clear_wakeup(host);
    while ((command = mh_take_command(host)).kind != MH_NO_COMMAND) {
        if (command.kind != MH_START)
            continue;
        mh_answer body = {.kind = MH_ANSWER_BODY, .progress = 100, .data = "hello", .size = 5};
        if (!mh_request_answer(command.request, &body))
            fail("an answer was not wanted");
        mh_request_unref(command.request);
    }
}

/* ---- What came ------------------------------------------------------------------------------------ */

static void print_sent(mh_queue *queue) {
    mh_sent sent;
    for (; mh_sent_front(queue, &sent); mh_queue_pop(queue))
        printf("%s sent %.*s to %s\n", sent.label, (int)sent.len, sent.message, sent.params.to);
}

static void print_logs(mh_queue *queue) {
    mh_line line;
    for (; mh_line_front(queue, &line); mh_queue_pop(queue))
        printf("%s logged %.*s\n", line.label, (int)line.len, line.text);
}

static void print_pass(mh_pass *pass) {
    if (pass->mail != NULL) {
        print_sent(&pass->mail->sent);
        print_logs(&pass->mail->logs);
        for (size_t i = 0; i < pass->mail->returned_count; i++)
            printf("%s returned %d\n", mh_label(pass->mail->returned[i].instance),
                   (int)pass->mail->returned[i].code);
    }
    mh_mail_free(pass->mail);
}

static mh_instance *load(mh_host *host, const mh_load *what) {
    mh_pass pass = {.collect = true};
    mh_refusal refusal;
    mh_instance *instance = mh_load_module(host, what, &pass, &refusal);
    print_pass(&pass);
    if (instance == NULL)
        fail(refusal.text);
    return instance;
}

static void process(mh_host *host) {
    mh_params params = {.id = 7, .to = "bob", .to_len = 3};
    mh_event event = {.kind = MH_ON_MESSAGE, .params = &params, .message = "hello", .len = 5};
    mh_pass pass = {.collect = true};
    mh_outcome outcome;
    if (mh_process(host, &event, &pass, &outcome) != MH_CALLED)
        fail("not called");
    printf("result %d by %s\n", outcome.result, outcome.by ? mh_label(outcome.by) : "nobody");
    mh_instance_unref(outcome.by);
    mh_instance_unref(outcome.failed);
    print_pass(&pass);
}

static void call(mh_host *host) {
    mh_event event = {.kind = MH_ON_CALL};
    mh_pass pass = {.collect = true};
    if (mh_notify(host, &event, NULL, &pass) != MH_CALLED)
        fail("not notified");
    print_pass(&pass);
}

static void expect_no_mail(mh_host *host) {
    mh_queue sent, logs;
    mh_take_sent(host, &sent);
    mh_take_logs(host, &logs);
    if (sent.count + sent.dropped + logs.count + logs.dropped > 0)
        fail("mail of nobody's");
    mh_queue_free(&sent);
    mh_queue_free(&logs);
}

static void end(mh_instance *instance) {
    mh_pass pass = {.collect = true};
    int64_t code;
    mh_damage damage;
    mh_closing closing = mh_close(instance, &pass, -1, &code, &damage);
    printf("%s closed: %d, cleanup %d\n", mh_label(instance), (int)closing, (int)code);
    print_pass(&pass);
    mh_instance_unref(instance);
}

int main(int argc, char **argv) {
    mh_hooks hooks = {.serve = serve};
    mh_limits limits = {.outbox_bytes = 1 << 20, .log_bytes = 1 << 20, .requests = 8};
    mh_script script = {.events = 1u << MH_ON_MESSAGE | 1u << MH_ON_CALL,
                        .init = script_init,
                        .on_event = script_event,
                        .cleanup = script_cleanup};
    mh_load native = {.label = "echo",
                      .path = argv[1],
                      .entry = "mesibo_module_echo_init",
                      .revision = mh_revision_name(0)};
    mh_load own = {.label = "own", .revision = "sdk2020", .script = &script};
    mh_file file;
    mh_host *host = argc > 1 ? mh_host_new(&hooks, &limits, false) : NULL;
    if (host == NULL || !mh_file_now(argv[1], &file))
        fail("no host, or no library to load");
    native.file = &file;
    mh_instance *echo = load(host, &native), *other = load(host, &own);
    for (int i = 0; i < 3; i++)
        process(host);
    call(host);
    answer_requests(host);
    if (!mh_wait_idle(host, 10))
        fail("requests are still open");
    printf("%d answers\n", (int)answers);
    end(echo);
    expect_no_mail(host);
    end(other);
    mh_host_free(host);
    return 0;
}
