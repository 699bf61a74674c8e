/* lend.c - what the module is handed: copies, so that the sanitizer knows where they end.
 *
 * For a case by itself they come from malloc, whose reports say most. Where many cases share a process,
 * malloc under a sanitizer is dearer than the module: there they lie one behind another in a place that is
 * poisoned but for them, and nothing in it is used again in the same life. What such a report says of the
 * memory does not matter: it counts when a case by itself says the same. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* The sanitizer's; NULL where it is another. */
void __asan_poison_memory_region(const volatile void *at, size_t size) __attribute__((weak));
void __asan_unpoison_memory_region(const volatile void *at, size_t size) __attribute__((weak));

enum {
    ROOM = 1 << 18, /* when it is full: malloc */
    ALIGNED = 16,
    BETWEEN = 64 /* at least: an overflow is not to end in what another was lent */
};

static _Alignas(ALIGNED) char room[ROOM];
static size_t used, lent; /* bytes; copies that are out */
static bool poisoned;

static bool is_in_room(const void *at) {
    uintptr_t offset = (uintptr_t)at - (uintptr_t)room;
    return offset < ROOM;
}

/* What lies before a copy in the room. The core may look there, the module may not. */
static size_t *size_of(void *copy) { return (size_t *)copy - 1; }

/* NULL: there is none. */
static void *from_room(size_t len) {
    size_t wanted = (len + ALIGNED - 1) / ALIGNED * ALIGNED + BETWEEN;
    if (!poisoned || wanted > ROOM - used)
        return NULL;
    char *copy = room + used;
    *size_of(copy) = len;
    if (len > 0)
        __asan_unpoison_memory_region(copy, len);
    used += wanted;
    lent++;
    return copy;
}

static void *from_heap(size_t len) {
    void *copy = len > 0 ? malloc(len) : calloc(1, 1);
    if (copy == NULL)
        abort();
    if (len == 0 && __asan_poison_memory_region != NULL)
        __asan_poison_memory_region(copy, 1); /* there is none, not even the first */
    return copy;
}

void fuzz_lend_begin(void) {
    bool can = fuzz_asked.hurries && !fuzz_asked.threads && __asan_poison_memory_region != NULL &&
               __asan_unpoison_memory_region != NULL;
    if (can && !poisoned)
        __asan_poison_memory_region(room, ROOM);
    else if (lent > 0) /* of a life that was given up */
        __asan_poison_memory_region(room, used);
    poisoned = can;
    used = BETWEEN;
    lent = 0;
}

void *fuzz_lend_room(size_t len) {
    void *copy = from_room(len);
    return copy != NULL ? copy : from_heap(len);
}

void *fuzz_lend(const void *bytes, size_t len) {
    void *copy = fuzz_lend_room(len);
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

char *fuzz_lend_text(fuzz_text text) {
    if (text.bytes == NULL)
        return NULL;
    char *copy = fuzz_lend_room(text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.bytes, text.len);
    copy[text.len] = '\0';
    return copy;
}

void fuzz_take_back(void *copy) {
    if (!is_in_room(copy)) {
        free(copy);
        return;
    }
    __asan_poison_memory_region(copy, *size_of(copy));
    lent--;
}
