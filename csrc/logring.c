/* logring.c - what modules log: formatted by C's own vsnprintf into a bounded ring that drops its
 * oldest lines. */
#define _GNU_SOURCE
#include "core.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_GUESS = 240, LINE_LIMIT = 64 * 1024 };

/* A record in the queue; behind it the label and the text, each with a NUL. */
typedef struct line_record {
    uint64_t level;
    int64_t time;
    size_t label_len, len;
    uint64_t row;
    int thread;
} line_record;

static void read_record(const line_record *record, mh_line *out) {
    const char *label = (const char *)(record + 1);
    *out = (mh_line){.row = record->row,
                     .label = label,
                     .label_len = record->label_len,
                     .text = label + record->label_len + 1,
                     .len = record->len,
                     .level = record->level,
                     .time = record->time,
                     .thread = record->thread};
}

bool mh_line_front(const mh_queue *queue, mh_line *out) {
    const line_record *record = mh_queue_front(queue);
    if (record != NULL)
        read_record(record, out);
    return record != NULL;
}

bool mh_line_next(const mh_queue *queue, size_t *at, mh_line *out) {
    const line_record *record = mh_queue_next(queue, at);
    if (record != NULL)
        read_record(record, out);
    return record != NULL;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int thread_number(void) {
    static _Thread_local int number;
    if (number == 0)
        number = gettid();
    return number;
}

/* Where the text of a new record goes: `room` bytes with the NUL. NULL: over the limit. */
static line_record *push_line(mh_queue *queue, const mh_instance *from, uint64_t level,
                              size_t room) {
    size_t size = sizeof(line_record) + from->label_len + 1 + room;
    line_record *record;
    while ((record = mh_queue_push(queue, size)) == NULL && queue->count > 0) {
        mh_queue_pop(queue);
        queue->dropped++;
    }
    if (record == NULL) {
        queue->dropped++;
        return NULL;
    }
    *record = (line_record){.level = level,
                            .time = now(),
                            .label_len = from->label_len,
                            .row = mh_this_row(),
                            .thread = thread_number()};
    memcpy(record + 1, from->label, from->label_len + 1);
    return record;
}

static char *text_of(line_record *record) {
    return (char *)(record + 1) + record->label_len + 1;
}

static void trim(line_record *record) {
    char *text = text_of(record);
    if (record->len > 0 && text[record->len - 1] == '\n')
        text[--record->len] = '\0';
}

/* Marks a line that was cut, in its own last bytes. */
static void mark_cut(line_record *record, size_t whole) {
    char mark[48];
    int len = snprintf(mark, sizeof mark, " [cut: %zu bytes in all]", whole);
    memcpy(text_of(record) + record->len - (size_t)len, mark, (size_t)len);
}

static line_record *format_line(mh_queue *queue, const mh_instance *from, uint64_t level,
                                const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    line_record *record = push_line(queue, from, level, LINE_GUESS);
    int len = record == NULL ? 0 : vsnprintf(text_of(record), LINE_GUESS, format, args);
    if (record != NULL && len >= LINE_GUESS) {
        mh_queue_unpush(queue, record);
        size_t room = (size_t)len + 1 < LINE_LIMIT ? (size_t)len + 1 : LINE_LIMIT;
        record = push_line(queue, from, level, room);
        if (record != NULL) {
            vsnprintf(text_of(record), room, format, again);
            record->len = room - 1;
            if (room - 1 < (size_t)len)
                mark_cut(record, (size_t)len);
        }
    } else if (record != NULL) {
        static const char bad[] = "[a line that vsnprintf could not format]";
        if (len < 0)
            memcpy(text_of(record), bad, sizeof bad);
        record->len = len < 0 ? sizeof bad - 1 : (size_t)len;
    }
    va_end(again);
    if (record != NULL)
        trim(record);
    return record;
}

/* Whoever takes lines at once gets this one instead: no queue counts it as dropped. */
static void tell_lost(mh_instance *from, uint64_t level) {
    static const char text[] = "[a line is lost: no memory for it]";
    const mh_hooks *hooks = &from->host->hooks;
    mh_line line = {.row = mh_this_row(),
                    .label = from->label,
                    .label_len = from->label_len,
                    .text = text,
                    .len = sizeof text - 1,
                    .level = level,
                    .time = now(),
                    .thread = thread_number(),
                    .is_report = true};
    hooks->log(hooks->context, &line);
}

/* Formats into the mail of the pass, or the host's; with an upcall, into a queue of its own. */
static int64_t log_line(mh_instance *from, uint64_t level, bool is_report, const char *format,
                        va_list args) {
    mh_host *host = from->host;
    const mh_hooks *hooks = &host->hooks;
    if (hooks->log != NULL && !from->undecided) {
        mh_queue queue = {.limit = 4 * LINE_LIMIT};
        line_record *record = format_line(&queue, from, level, format, args);
        int64_t result = -1;
        if (record != NULL) {
            mh_line line;
            read_record(record, &line);
            line.is_report = is_report;
            result = hooks->log(hooks->context, &line);
        } else {
            tell_lost(from, level);
        }
        mh_queue_free(&queue);
        return result;
    }
    mh_mail *mail = mh_pass_mail(from);
    if (mail != NULL)
        return format_line(&mail->logs, from, level, format, args) != NULL ? 0 : -1;
    pthread_mutex_lock(&host->mail_lock);
    bool kept = format_line(&host->logs, from, level, format, args) != NULL;
    pthread_mutex_unlock(&host->mail_lock);
    if (host->served)
        mh_wake(host);
    return kept ? 0 : -1;
}

static bool may_log(mh_instance *from, const char *format, va_list args) {
    va_list copy;
    va_copy(copy, args);
    bool may = mh_may_go_on(from, &(mh_given){.kind = MH_GIVEN_FORMAT, .bytes = format, .args = &copy});
    va_end(copy);
    return may;
}

int64_t mh_vlog(mh_instance *from, uint64_t level, const char *format, va_list args) {
    if (level > from->log_level)
        return 0;
    if (format == NULL || !may_log(from, format, args))
        return -1;
    int64_t result = log_line(from, level, false, format, args);
    if (result >= 0)
        mh_count(&mh_own_counts(from)->logged, true);
    return result;
}

static int64_t log_format(mh_instance *from, uint64_t level, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int64_t result = mh_vlog(from, level, format, args);
    va_end(args);
    return result;
}

int64_t mh_log_text(mh_instance *from, uint64_t level, const char *text, size_t len) {
    return log_format(from, level, "%.*s", len < INT_MAX ? (int)len : INT_MAX, text);
}

/* Of a line of the host's own. */
static void tell_witness(mh_instance *about, const char *format, va_list args) {
    char text[512];
    va_list again;
    va_copy(again, args);
    vsnprintf(text, sizeof text, format, again);
    va_end(again);
    mh_may_go_on(about, &(mh_given){.kind = MH_GIVEN_REFUSED, .bytes = text, .len = strlen(text)});
}

void mh_report(mh_instance *about, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (about->host->hooks.witness != NULL)
        tell_witness(about, format, args);
    log_line(about, 0, true, format, args);
    va_end(args);
}

/* Into the mail of the pass, or the host's. */
static bool keep_line(mh_queue *queue, const mh_instance *from, const mh_line *line) {
    line_record *record = push_line(queue, from, line->level, line->len + 1);
    if (record == NULL)
        return false;
    memcpy(text_of(record), line->text, line->len);
    text_of(record)[line->len] = '\0';
    record->len = line->len;
    record->time = line->time;
    record->thread = line->thread;
    return true;
}

int64_t mh_relay_line(mh_instance *from, const mh_line *line) {
    mh_host *host = from->host;
    mh_mail *mail;
    bool kept = true;
    if (host->hooks.log != NULL) {
        mh_line ours = *line;
        ours.label = from->label;
        ours.label_len = from->label_len;
        ours.row = mh_this_row();
        kept = host->hooks.log(host->hooks.context, &ours) >= 0;
    } else if ((mail = mh_pass_mail(from)) != NULL) {
        kept = keep_line(&mail->logs, from, line);
    } else {
        pthread_mutex_lock(&host->mail_lock);
        kept = keep_line(&host->logs, from, line);
        pthread_mutex_unlock(&host->mail_lock);
        if (host->served)
            mh_wake(host);
    }
    if (kept && !line->is_report)
        mh_count(&mh_own_counts(from)->logged, true);
    return kept ? 0 : -1;
}

void mh_take_logs(mh_host *host, mh_queue *out) {
    pthread_mutex_lock(&host->mail_lock);
    mh_queue_swap(&host->logs, out);
    pthread_mutex_unlock(&host->mail_lock);
}
