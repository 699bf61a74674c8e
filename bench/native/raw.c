/* raw.c - what C alone can do: loops through the pointer, and host functions that do the least. */
#include "checks.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- Host functions -------------------------------------------------------------------------- */

/* Records in one block that doubles, as plain as can be: params, both addresses, the message. */
typedef struct block {
    char *data;
    size_t size, room;
} block;

static char *put(char *at, const char *from, size_t size) {
    memcpy(at, from, size);
    return at + size;
}

static int append(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                  mesibo_uint_t len) {
    block *block = ((peer_module *)mod)->owner;
    size_t to_size = params->to != NULL ? strlen(params->to) + 1 : 0;
    size_t from_size = params->from != NULL ? strlen(params->from) + 1 : 0;
    size_t size = (sizeof *params + sizeof len + to_size + from_size + len + 7) & ~(size_t)7;
    if (block->room - block->size < size) {
        size_t room = 2 * (block->room + size);
        char *more = realloc(block->data, room);
        if (more == NULL)
            return MESIBO_RESULT_FAIL;
        block->data = more;
        block->room = room;
    }
    char *at = block->data + block->size;
    at = put(at, (const char *)params, sizeof *params);
    at = put(at, (const char *)&len, sizeof len);
    at = put(at, params->to, to_size);
    at = put(at, params->from, from_size);
    memcpy(at, message, len);
    block->size += size;
    return MESIBO_RESULT_OK;
}

/* Level 0 alone is wanted. */
static int print(mesibo_module_t *mod, mesibo_uint_t level, const char *format, ...) {
    (void)mod;
    if (level > 0)
        return MESIBO_RESULT_OK;
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return size > 0 ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}

/* ---- For Python, by ctypes ------------------------------------------------------------------- */

peer_module *raw_open(const char *path, const char *entry) {
    peer_module *peer = peer_open(path, entry, append, print);
    if (peer != NULL && (peer->owner = calloc(1, sizeof(block))) == NULL) {
        peer_close(peer);
        return NULL;
    }
    return peer;
}

/* What was appended; the memory stays, and is warm. */
void raw_forget(peer_module *peer) { ((block *)peer->owner)->size = 0; }

void raw_close(peer_module *peer) {
    free(((block *)peer->owner)->data);
    free(peer->owner);
    peer_close(peer);
}

int raw_call(peer_module *peer, mesibo_message_params_t *params, const char *message, size_t len) {
    return peer->mod.on_message(&peer->mod, params, message, len);
}

int64_t raw_loop(peer_module *peer, mesibo_message_params_t *params, const char *message,
                 size_t len, int64_t count) {
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += peer->mod.on_message(&peer->mod, params, message, len);
    return sum;
}

void raw_empty_loop(int64_t count) {
    for (int64_t i = 0; i < count; i++)
        __asm__ volatile("" ::: "memory");
}

typedef struct column {
    const char *data;
    const int32_t *offsets; /* one more than there are messages */
    int64_t count;
} column;

static void run_batch(peer_module *peer, mesibo_message_params_t *params, const column *messages,
                      char *copy, int8_t *codes) {
    for (int64_t i = 0; i < messages->count; i++) {
        const char *message = messages->data + messages->offsets[i];
        size_t len = (size_t)(messages->offsets[i + 1] - messages->offsets[i]);
        if (copy != NULL) {
            memcpy(copy, message, len);
            copy[len] = '\0';
            message = copy;
        }
        codes[i] = (int8_t)peer->mod.on_message(&peer->mod, params, message, len);
    }
}

/* The codes of a column of messages, `rounds` times. With `copy` (which has room for the longest
 * and a NUL) each message is copied first. */
void raw_batch(peer_module *peer, mesibo_message_params_t *params, const char *data,
               const int32_t *offsets, int64_t count, char *copy, int8_t *codes, int64_t rounds) {
    const column messages = {data, offsets, count};
    for (int64_t i = 0; i < rounds; i++)
        run_batch(peer, params, &messages, copy, codes);
}

/* ---- The same with what a host does -------------------------------------------------------------- */

static size_t length(const column *texts, int64_t row) {
    return (size_t)(texts->offsets[row + 1] - texts->offsets[row]);
}

/* A text of a column with a NUL behind it, at `to`, and the end of it. */
static char *copied(char **to, const column *texts, int64_t row) {
    size_t len = length(texts, row);
    char *copy = memcpy(*to, texts->data + texts->offsets[row], len);
    copy[len] = '\0';
    *to += len + 1;
    return copy;
}

static int run_checked(peer_module *peer, const mesibo_module_t *given, const column *texts,
                       int64_t row, char *room) {
    size_t len = length(&texts[0], row);
    mesibo_message_params_t params = {.id = (mesibo_uint_t)row};
    const char *message = copied(&room, &texts[0], row);
    params.to = copied(&room, &texts[1], row);
    params.from = copied(&room, &texts[2], row);
    int code = peer_call_checked(peer, given, params, message, len);
    return memcmp(message, texts->data + texts->offsets[row], len) == 0 ? code : -1;
}

/* The codes of the columns message, to and from, `rounds` times. `room` has room for a row with three
 * NULs. The addresses are read and copied, the lock is taken for a round, the struct and the message
 * are looked at behind each call. */
void raw_checked_batch(peer_module *peer, const char *const *data, const int32_t *const *offsets,
                       int64_t count, char *room, int8_t *codes, int64_t rounds) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    const mesibo_module_t given = peer->mod;
    const column texts[] = {{data[0], offsets[0], count},
                            {data[1], offsets[1], count},
                            {data[2], offsets[2], count}};
    for (int64_t i = 0; i < rounds; i++) {
        pthread_mutex_lock(&lock);
        for (int64_t row = 0; row < count; row++)
            codes[row] = (int8_t)run_checked(peer, &given, texts, row, room);
        pthread_mutex_unlock(&lock);
    }
}

/* How many of them failed. */
int64_t raw_load_and_close(const char *path, const char *entry, int64_t count) {
    int64_t failed = 0;
    for (int64_t i = 0; i < count; i++) {
        peer_module *peer = peer_open(path, entry, NULL, NULL);
        failed += peer == NULL;
        peer_close(peer);
    }
    return failed;
}
