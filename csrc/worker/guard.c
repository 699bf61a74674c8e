/* guard.c - a message that ends where its memory does: reading or writing past its NUL is a fault, at
 * the very address, and not a value that happens to lie there. */
#define _GNU_SOURCE
#include "worker.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool guard_bare;

enum { LEAST = 64 << 10, LARGE = 2 << 20 };

void guard_free(guard *guard) {
    if (guard->base != NULL)
        munmap(guard->base, guard->size + (size_t)sysconf(_SC_PAGESIZE));
    guard->base = NULL;
    guard->size = 0;
}

static bool make_room(guard *guard, size_t wanted) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = wanted < LEAST ? LEAST : (wanted + page - 1) & ~(page - 1);
    guard_free(guard);
    char *base = mmap(NULL, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return false;
    if (mprotect(base, size, PROT_READ | PROT_WRITE) != 0) {
        munmap(base, size + page);
        return false;
    }
    if (size >= LARGE) /* else a new worker takes longer for its pages than for the message */
        madvise(base, size, MADV_HUGEPAGE);
    guard->base = base;
    guard->size = size;
    return true;
}

char *guard_place(guard *guard, const char *message, size_t len) {
    size_t size = guard_bare ? len : len + 1;
    if ((guard->base == NULL || size > guard->size) && !make_room(guard, size))
        return NULL;
    char *placed = guard->base + guard->size - size;
    memcpy(placed, message, len);
    if (!guard_bare)
        placed[len] = '\0';
    return placed;
}
