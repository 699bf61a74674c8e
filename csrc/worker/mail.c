/* mail.c - what the module sends and logs, on its way to the host. It is written into the shared memory
 * at once, so that it is there also where the module ends the process a moment later. */
#define _GNU_SOURCE
#include "worker.h"

#include "../requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Thread_local bool is_turn_thread;
static pthread_mutex_t outside_lock = PTHREAD_MUTEX_INITIALIZER;

/* More than a message takes in the outbox of a host beside its own bytes. */
enum { RECORD_SPARE = 1024 };

typedef struct texts {
    const char *to, *from, *text;
} texts;

static size_t room_of(const char *text, uint64_t len) { return text != NULL ? len + 1 : 0; }

static size_t size_of(const mh_mail_record *record, const texts *texts) {
    return mh_padded(sizeof *record + room_of(texts->to, record->to_len) +
                     room_of(texts->from, record->from_len) + record->len + 1);
}

static char *put(char *at, const char *text, uint64_t len) {
    if (text == NULL)
        return at;
    memcpy(at, text, len);
    at[len] = '\0';
    return at + len + 1;
}

static void write_record(char *at, const mh_mail_record *record, const texts *texts) {
    memcpy(at, record, sizeof *record);
    at += sizeof *record;
    at = put(at, texts->to, record->to_len);
    at = put(at, texts->from, record->from_len);
    put(at, texts->text, record->len);
}

/* With its lock: the host's result. */
static int64_t ask_outside(const mh_mail_record *record, const texts *texts) {
    uint32_t seen = mh_bell_count(&channel->outside_done);
    write_record(mh_outside_region(channel), record, texts);
    mh_bell_ring(&channel->outside);
    mh_bell_wait(&channel->outside_done, seen, -1);
    return channel->outside_result;
}

/* On a thread of the module's own: one at a time, and each waits for the host's answer. */
static int64_t give_outside(const mh_mail_record *record, const texts *texts) {
    pthread_mutex_lock(&outside_lock);
    int64_t result = ask_outside(record, texts);
    pthread_mutex_unlock(&outside_lock);
    return result;
}

static int64_t give_in_turn(const mh_mail_record *record, const texts *texts) {
    uint64_t at = atomic_load_explicit(&channel->mail_end, memory_order_relaxed);
    if (at + record->size > MH_REGION) {
        ask_host(); /* which takes what is there */
        at = atomic_load_explicit(&channel->mail_end, memory_order_relaxed);
        if (at + record->size > MH_REGION)
            return -1;
    }
    write_record(mh_mail_region(channel) + at, record, texts);
    atomic_store_explicit(&channel->mail_end, at + record->size, memory_order_release);
    if (record->kind == MH_MAIL_LINE)
        return channel->ask_log ? ask_host() : 0;
    if (record->kind != MH_MAIL_SENT)
        return ask_host();
    uint64_t takes = record->size + RECORD_SPARE;
    if (channel->ask_send || takes > channel->room)
        return ask_host();
    channel->room -= takes;
    return 0;
}

/* errno stays as it was: who logs why it fails still tells the limit behind that (limits.c). */
static int64_t give(mh_mail_record *record, const texts *texts) {
    int error = errno;
    if (!is_worker())
        return -1;
    record->size = size_of(record, texts);
    if (record->size > MH_REGION)
        return -1;
    record->row = mh_this_row();
    record->life = worker_life;
    int64_t result = is_turn_thread ? give_in_turn(record, texts) : give_outside(record, texts);
    errno = error;
    return result;
}

int64_t mail_send(void *context, mh_instance *from, const mh_params *params, const char *message,
                  size_t len) {
    (void)context, (void)from;
    mh_mail_record record = {.kind = MH_MAIL_SENT, .params = *params, .len = len};
    texts texts = {params->to, params->from, message};
    record.to_len = params->to != NULL ? params->to_len : MH_NULL_TEXT;
    record.from_len = params->from != NULL ? params->from_len : MH_NULL_TEXT;
    return give(&record, &texts);
}

int64_t mail_log(void *context, const mh_line *line) {
    (void)context;
    mh_mail_record record = {.kind = MH_MAIL_LINE,
                             .is_report = line->is_report,
                             .thread = line->thread,
                             .to_len = MH_NULL_TEXT,
                             .from_len = MH_NULL_TEXT,
                             .len = line->len,
                             .level = line->level,
                             .time = line->time};
    texts texts = {NULL, NULL, line->text};
    note_line(line->text, line->len);
    return give(&record, &texts);
}

int64_t mail_request(const mh_request *request, uint64_t far, unsigned unwanted) {
    mh_mail_record record = {.kind = MH_MAIL_REQUEST,
                             .to_len = MH_NULL_TEXT,
                             .from_len = sizeof request->what,
                             .len = request->size,
                             .far = far,
                             .unwanted = unwanted};
    texts texts = {NULL, (const char *)&request->what, request->texts};
    return give(&record, &texts);
}

int64_t mail_write(int64_t number, const char *data, size_t len) {
    mh_mail_record record = {.kind = MH_MAIL_WRITE,
                             .to_len = MH_NULL_TEXT,
                             .from_len = MH_NULL_TEXT,
                             .len = len,
                             .number = number};
    texts texts = {NULL, NULL, data};
    return give(&record, &texts);
}

void mail_close(int64_t number) {
    mh_mail_record record = {.kind = MH_MAIL_CLOSE,
                             .to_len = MH_NULL_TEXT,
                             .from_len = MH_NULL_TEXT,
                             .number = number};
    texts texts = {NULL, NULL, ""};
    give(&record, &texts);
}

/* An answer for a thread lies where the question lay; so it is copied before somebody else asks. */
static char *copy_answer(void) {
    const char *at = mh_outside_region(channel);
    size_t size = ((const mh_answer_record *)(const void *)at)->size;
    char *copy = malloc(size);
    return copy != NULL ? memcpy(copy, at, size) : NULL;
}

int64_t mail_take(uint64_t far, int64_t returned, char **answer) {
    mh_mail_record record = {.kind = MH_MAIL_TAKE,
                             .life = worker_life,
                             .to_len = MH_NULL_TEXT,
                             .from_len = MH_NULL_TEXT,
                             .far = far,
                             .number = returned};
    texts texts = {NULL, NULL, ""};
    record.size = size_of(&record, &texts);
    *answer = NULL;
    if (!is_worker())
        return -1;
    pthread_mutex_lock(&outside_lock);
    int64_t result = ask_outside(&record, &texts);
    if (result == 1)
        *answer = copy_answer();
    pthread_mutex_unlock(&outside_lock);
    return result == 1 && *answer == NULL ? -1 : result;
}
