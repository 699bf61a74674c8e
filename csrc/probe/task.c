/* task.c - what the probe is to do, in lines of words: numbers, and texts as x and hexadecimal digits, or
 * - for NULL. */
#define _GNU_SOURCE
#include "probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int digit(char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; }

/* Decodes in place. */
static char *text_of(char *word, size_t *len) {
    *len = 0;
    if (word == NULL || word[0] != 'x')
        return NULL;
    for (const char *at = word + 1; at[0] != '\0' && at[1] != '\0'; at += 2)
        word[(*len)++] = (char)(digit(at[0]) << 4 | digit(at[1]));
    word[*len] = '\0';
    return word;
}

static char *next_text(char **line, size_t *len) {
    size_t ignored;
    return text_of(strsep(line, " "), len != NULL ? len : &ignored);
}

static uint64_t next_number(char **line) {
    const char *word = strsep(line, " ");
    return word != NULL ? strtoull(word, NULL, 10) : 0;
}

static double next_seconds(char **line) { return (double)next_number(line) / 1e6; }

static void *one_more(void *array, size_t count, size_t size) {
    void *larger = realloc(array, (count + 1) * size);
    if (larger == NULL) {
        fputs("mesibo-abi-probe: no memory for the task\n", stderr);
        exit(2);
    }
    memset((char *)larger + count * size, 0, size);
    return larger;
}

static void read_call(task *task, char **line) {
    task->calls = one_more(task->calls, task->call_count, sizeof *task->calls);
    call *call = &task->calls[task->call_count++];
    call->event.kind = (mh_event_kind)next_number(line);
    call->params.to = next_text(line, &call->params.to_len);
    call->params.from = next_text(line, &call->params.from_len);
    call->message = next_text(line, &call->event.len);
    call->event.status = call->params.status = next_number(line);
    call->event.type = next_number(line);
    call->user.online = next_number(line) != 0;
    call->params.id = call->params.refid = 7;
    call->params.aid = 1;
    call->params.groupid = call->params.to == NULL ? 5 : 0;
}

static void read_load(task *task, char **line) {
    task->what.label = next_text(line, NULL);
    task->what.path = next_text(line, NULL);
    task->what.entry = next_text(line, NULL);
    task->what.revision = next_text(line, NULL);
    task->what.log_level = 1000; /* lines are formatted, and show what they read */
}

static void read_windows(task *task, char **line) {
    task->warm_up = next_number(line);
    task->window = next_number(line);
    task->windows = next_number(line);
    task->tracked = next_number(line) != 0;
    task->seconds = next_seconds(line);
    task->patience = next_seconds(line);
}

static bool read_line(task *task, char *line) {
    const char *word = strsep(&line, " ");
    if (strcmp(word, "load") == 0) {
        read_load(task, &line);
    } else if (strcmp(word, "item") == 0) {
        task->items = one_more(task->items, task->what.item_count, sizeof *task->items);
        mh_item *item = &task->items[task->what.item_count++];
        item->name = next_text(&line, NULL);
        item->value = next_text(&line, NULL);
    } else if (strcmp(word, "flags") == 0) {
        task->what.keep_mapped = next_number(&line) != 0;
        task->what.has_synchronous = next_number(&line) != 0;
        task->what.thread_safe = next_number(&line) != 0;
    } else if (strcmp(word, "call") == 0) {
        read_call(task, &line);
    } else if (strcmp(word, "slopes") == 0 || strcmp(word, "lifecycles") == 0) {
        task->mode = word[0] == 's' ? SLOPES : LIFECYCLES;
        read_windows(task, &line);
    } else if (strcmp(word, "body") == 0) {
        task->body = next_text(&line, &task->body_size);
    } else if (strcmp(word, "calls") == 0) {
        task->threads = next_number(&line);
        task->rounds = next_number(&line);
        task->seconds = next_seconds(&line);
        task->deadline = next_seconds(&line);
        task->from_init = next_number(&line) != 0;
        task->settles = next_number(&line) != 0;
    } else {
        return false;
    }
    return true;
}

static char *read_all(int file) {
    struct stat state;
    if (fstat(file, &state) != 0)
        return NULL;
    char *text = malloc((size_t)state.st_size + 1);
    ssize_t got = text != NULL ? pread(file, text, (size_t)state.st_size, 0) : -1;
    if (got < 0) {
        free(text);
        return NULL;
    }
    text[got] = '\0';
    return text;
}

bool task_read(int file, task *out) {
    char *text = read_all(file), *line; /* kept: the task points into it */
    *out = (task){.threads = 1};
    while (text != NULL && (line = strsep(&text, "\n")) != NULL)
        if (line[0] != '\0' && !read_line(out, line))
            return false;
    out->what.items = out->items;
    for (size_t i = 0; i < out->call_count; i++) { /* their places do not change any more */
        call *call = &out->calls[i];
        mh_event_kind kind = call->event.kind;
        if (kind == MH_ON_MESSAGE || kind == MH_ON_MESSAGE_STATUS)
            call->event.params = &call->params;
        if (kind == MH_ON_LOGIN)
            call->event.user = &call->user;
        call->user.address = call->params.to;
        call->user.address_len = call->params.to_len;
    }
    return out->what.path != NULL && out->what.entry != NULL && out->what.revision != NULL;
}
