/* heap.c - what a life allocates and does not free, and what its init has: as the sanitizer tells of each
 * block. */
#include "living.h"

#include <stdlib.h>
#include <string.h>

int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *, size_t),
                                              void (*freed)(const volatile void *))
    __attribute__((weak));
size_t __sanitizer_get_allocated_size(const volatile void *block) __attribute__((weak));

enum { BLOCKS = 32, BYTES = 1 << 16 };

typedef struct block {
    const char *at;
    size_t size;
} block;

static bool watched, counting;
static fuzz_left left;

static struct {
    block all[BLOCKS];
    size_t count, bytes;
    bool too_many, freed; /* freed: one of them, since */
    fuzz_left left;
    char kept[BYTES];
} of_init;

static _Thread_local bool noting;

static void note(const volatile void *at, size_t size) {
    if (of_init.count == BLOCKS || size > BYTES - of_init.bytes) {
        of_init.too_many = true;
        return;
    }
    of_init.all[of_init.count++] = (block){(const char *)(uintptr_t)at, size};
    of_init.bytes += size;
}

static void forget(const volatile void *at) {
    for (size_t i = 0; i < of_init.count; i++)
        if (of_init.all[i].at == (const char *)(uintptr_t)at) {
            of_init.freed |= !noting;
            of_init.bytes -= of_init.all[i].size;
            of_init.all[i] = of_init.all[--of_init.count];
            return;
        }
}

static void allocated(const volatile void *at, size_t size) {
    if (!counting)
        return;
    left.blocks++;
    left.bytes += (int64_t)size;
    if (noting)
        note(at, size);
}

static void freed(const volatile void *at) {
    if (at == NULL || !counting)
        return;
    left.blocks--;
    left.bytes -= (int64_t)__sanitizer_get_allocated_size(at);
    if (of_init.count > 0)
        forget(at);
}

void fuzz_heap_watch(void) {
    watched = __sanitizer_install_malloc_and_free_hooks != NULL &&
              __sanitizer_get_allocated_size != NULL &&
              __sanitizer_install_malloc_and_free_hooks(allocated, freed) != 0;
}

fuzz_left fuzz_heap_left(void) { return left; }

void fuzz_heap_begin(void) {
    left = (fuzz_left){0, 0};
    of_init.count = of_init.bytes = 0;
    of_init.too_many = of_init.freed = false;
}

void fuzz_heap_count(bool on) { counting = on; }
void fuzz_heap_note(bool init) { noting = init; }

bool fuzz_heap_keep(void) {
    if (!watched || of_init.too_many)
        return false;
    char *to = of_init.kept;
    for (size_t i = 0; i < of_init.count; to += of_init.all[i++].size)
        fuzz_copy(to, of_init.all[i].at, of_init.all[i].size);
    of_init.left = left;
    return true;
}

bool fuzz_heap_is_kept(void) {
    if (of_init.freed || left.blocks != of_init.left.blocks || left.bytes != of_init.left.bytes)
        return false;
    const char *kept = of_init.kept;
    for (size_t i = 0; i < of_init.count; kept += of_init.all[i++].size)
        if (!fuzz_is_same(of_init.all[i].at, kept, of_init.all[i].size))
            return false;
    return true;
}
