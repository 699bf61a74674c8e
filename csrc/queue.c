/* queue.c - a FIFO of records of any size in one block of memory.
 *
 * Records lie one behind the other between head and tail, so that a record is always in one piece;
 * when the tail meets the end of the block, what is left moves to the front or the block grows. The
 * block may be twice the limit: then moving is rare, and an append stays a few nanoseconds. */
#include "core.h"

#include <stdlib.h>
#include <string.h>

typedef struct record {
    size_t size; /* of the whole record, rounded up */
    _Alignas(16) char data[];
} record;

enum { FIRST_CAPACITY = 1024, KEEP_CAPACITY = 1 << 20 };

static bool is_within_limit(const mh_queue *queue, size_t whole) {
    return whole <= queue->limit && queue->tail - queue->head <= queue->limit - whole;
}

static bool make_room(mh_queue *queue, size_t size) {
    size_t used = queue->tail - queue->head;
    if (!is_within_limit(queue, size))
        return false;
    if (queue->head > 0 && used > 0)
        memmove(queue->bytes, queue->bytes + queue->head, used);
    queue->head = 0;
    queue->tail = used;
    if (used + size <= queue->capacity / 2)
        return true;
    size_t capacity = queue->capacity > FIRST_CAPACITY ? queue->capacity : FIRST_CAPACITY;
    while (capacity < 2 * (used + size))
        capacity *= 2;
    char *bytes = realloc(queue->bytes, capacity);
    if (bytes == NULL)
        return false;
    queue->bytes = bytes;
    queue->capacity = capacity;
    return true;
}

static size_t whole_size(size_t size) { return (sizeof(record) + size + 15) & ~(size_t)15; }

bool mh_queue_allows(const mh_queue *queue, size_t size) {
    return size <= SIZE_MAX / 4 && is_within_limit(queue, whole_size(size));
}

void *mh_queue_push(mh_queue *queue, size_t size) {
    if (size > SIZE_MAX / 4)
        return NULL;
    size_t whole = whole_size(size);
    if (whole > queue->capacity - queue->tail && !make_room(queue, whole))
        return NULL;
    if (!is_within_limit(queue, whole))
        return NULL;
    record *new = (record *)(void *)(queue->bytes + queue->tail);
    new->size = whole;
    queue->tail += whole;
    queue->count++;
    return new->data;
}

void mh_queue_unpush(mh_queue *queue, const void *data) {
    queue->tail = (size_t)((const char *)data - queue->bytes) - offsetof(record, data);
    queue->count--;
}

const void *mh_queue_front(const mh_queue *queue) {
    if (queue->count == 0)
        return NULL;
    return ((const record *)(const void *)(queue->bytes + queue->head))->data;
}

const void *mh_queue_next(const mh_queue *queue, size_t *at) {
    if (queue->head + *at >= queue->tail)
        return NULL;
    const record *next = (const record *)(const void *)(queue->bytes + queue->head + *at);
    *at += next->size;
    return next->data;
}

void mh_queue_pop(mh_queue *queue) {
    if (queue->count == 0)
        return;
    queue->head += ((const record *)(const void *)(queue->bytes + queue->head))->size;
    if (--queue->count > 0)
        return;
    queue->head = queue->tail = 0;
    if (queue->capacity > KEEP_CAPACITY)
        mh_queue_free(queue);
}

bool mh_queue_take(mh_queue *queue, mh_queue *from) {
    const void *data;
    while ((data = mh_queue_front(from)) != NULL) {
        size_t size = ((const record *)(const void *)(from->bytes + from->head))->size;
        void *taken = mh_queue_push(queue, size - sizeof(record));
        if (taken == NULL)
            return false;
        memcpy(taken, data, size - sizeof(record));
        mh_queue_pop(from);
    }
    return true;
}

void mh_queue_free(mh_queue *queue) {
    free(queue->bytes);
    queue->bytes = NULL;
    queue->capacity = queue->head = queue->tail = queue->count = 0;
}

void mh_queue_swap(mh_queue *queue, mh_queue *out) {
    *out = *queue;
    *queue = (mh_queue){.limit = out->limit};
}
