/* worker_mail.c - what a host reads of the memory that it shares with the process of a module: mail, rows of
 * a batch, what threads ask for, and the report of a crash. Nothing outside of it is touched, and what is
 * handed to the embedder makes sense. */
#define _GNU_SOURCE
#include "input.h"

#include "isolation/remote.h"
#include "requests.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 64 << 10 };

static mh_host *host;
static mh_instance *instance;
static mh_remote remote;

static int64_t nothing(void *self, mh_instance *of) {
    (void)self, (void)of;
    return 0;
}

static int64_t on_event(void *self, const mh_event *event) {
    (void)self, (void)event;
    return 0;
}

static bool serve(void *context) {
    (void)context;
    return true;
}

static void look_at_crash(void *context, mh_instance *of, const mh_event *event, const mh_crash *crash) {
    (void)context, (void)of, (void)event;
    promise(crash != NULL && crash->kind <= MH_END_SCRIBBLED);
    promise(crash->frame_count <= MH_FRAMES && crash->object_count <= MH_OBJECTS);
    promise(crash->register_count <= MH_REGISTERS);
    for (uint32_t i = 0; i < crash->frame_count; i++)
        promise(crash->frames[i].object < (int32_t)crash->object_count);
    for (uint32_t i = 0; i < crash->object_count; i++)
        promise(memchr(crash->objects[i], '\0', MH_OBJECT_PATH) != NULL);
    promise(strlen(crash->exception) < sizeof crash->exception);
    promise(crash->signal >= 0 && crash->signal < NSIG);
}

/* Whoever waits for it is gone. */
static void fail_at_once(void *context, mh_request *request) {
    static const mh_answer failed = {.kind = MH_ANSWER_FAILED};
    (void)context;
    remote.alive = 0;
    mh_request_deliver(host->requests, request, &failed);
}

static void set_up(void) {
    mh_hooks hooks = {.serve = serve, .ended = look_at_crash, .answer = fail_at_once};
    mh_limits limits = {.outbox_bytes = 1 << 20, .log_bytes = 1 << 20, .requests = 16};
    mh_script script = {.events = 1, .init = nothing, .on_event = on_event};
    mh_load what = {.label = "fuzz", .revision = "sdk2020", .script = &script};
    mh_pass pass = {.collect = true};
    mh_refusal refusal;
    host = mh_host_new(&hooks, &limits, false);
    promise(host != NULL);
    instance = mh_load_module(host, &what, &pass, &refusal);
    promise(instance != NULL);
    remote.channel = mmap(NULL, MH_CHANNEL_SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    promise(remote.channel != MAP_FAILED);
    remote.instance = instance;
    remote.source = (mh_source){.crossings = mh_crossings_region(remote.channel), .label = "fuzz"};
    instance->remote = &remote;
}

static void empty(mh_host *of) {
    mh_queue queue;
    mh_sent sent;
    mh_line line;
    mh_command command;
    mh_take_sent(of, &queue);
    for (; mh_sent_front(&queue, &sent); mh_queue_pop(&queue))
        promise(strlen(sent.label) == sent.label_len);
    mh_queue_free(&queue);
    mh_take_logs(of, &queue);
    for (; mh_line_front(&queue, &line); mh_queue_pop(&queue))
        promise(line.text[line.len] == '\0');
    mh_queue_free(&queue);
    while ((command = mh_take_command(of)).kind != MH_NO_COMMAND) {
        if (command.kind == MH_WRITE)
            free(command.bytes);
        if (command.kind == MH_START)
            mh_request_unref(command.request);
    }
}

/* Behind its end is what an earlier input left: it may be read, as it may be there. */
static size_t fill(char *region, input *from) {
    size_t size = from->left < MOST ? from->left : MOST;
    take(from, region, size);
    return size;
}

static void take_mail(input *from) {
    int64_t result;
    uint8_t far = take_byte(from);
    size_t size = fill(mh_mail_region(remote.channel), from);
    remote.channel->mail_end = far < 250 ? size : UINT64_MAX - far;
    remote.mail_head = 0;
    mh_remote_take_mail(&remote, &result);
}

static void take_row_mail(input *from) {
    uint64_t row = take_word(from);
    remote.channel->mail_end = fill(mh_mail_region(remote.channel), from);
    remote.mail_head = 0;
    mh_remote_take_row_mail(&remote, row);
}

static void take_outside(input *from) {
    fill(mh_outside_region(remote.channel), from);
    mh_remote_take_outside(&remote);
}

static void take_crash(input *from) {
    int ends[2];
    promise(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    close(ends[1]);
    remote.control = ends[0];
    remote.heard = false;
    remote.up = true;
    take(from, mh_crossings_region(remote.channel), offsetof(mh_crossings, open));
    take(from, mh_crossings_region(remote.channel)->open, sizeof(mh_crossing));
    take(from, &remote.channel->crash, sizeof remote.channel->crash);
    mh_remote_mourn(&remote, NULL);
    close(ends[0]);
}

/* Rows that the worker is ahead by: each answer lies where the call was written. */
static void take_rows(input *from) {
    char text[] = "hello";
    mh_event event = {.kind = MH_ON_MESSAGE, .params = &(mh_params){0}, .message = text, .len = 5};
    uint64_t row, answered = 0;
    size_t at;
    remote.ahead = (mh_ahead){.end = mh_padded(sizeof(mh_rows_record))};
    remote.used = 0;
    for (uint64_t i = 0; i < 3; i++)
        promise(mh_ahead_add(instance, &event, i));
    size_t end = remote.ahead.end;
    take(from, mh_requests_region(remote.channel), end < from->left ? end : from->left);
    remote.ahead.done = 3;
    for (; mh_ahead_answer(instance, answered, &row, &at); answered++) {
        mh_event copy = event;
        mh_ahead_passed(instance, at, &copy);
    }
    promise(answered == 3);
    remote.channel->mail_end = fill(mh_mail_region(remote.channel), from);
    remote.mail_head = 0;
    for (int i = 0; i < 3; i++)
        mh_ahead_take(&remote, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const ways[])(input *) = {take_mail, take_row_mail, take_outside, take_crash, take_rows};
    input from = {data, size};
    mh_frame frame;
    mh_pass pass = {.collect = true};
    if (host == NULL)
        set_up();
    remote.life = 1;
    remote.alive = 1;
    remote.up = true;
    mh_push(&frame, instance, &pass, NULL);
    ways[take_byte(&from) % 5](&from);
    mh_pop(&frame);
    mh_mail_free(pass.mail);
    mh_requests_drop(instance, 1);
    empty(host);
    return 0;
}
