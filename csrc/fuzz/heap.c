/* heap.c - what a life allocates and does not free, and what its init has: as the sanitizer tells of each
 * block. */
#define _GNU_SOURCE
#include "living.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *, size_t),
                                              void (*freed)(const volatile void *))
    __attribute__((weak));
size_t __sanitizer_get_allocated_size(const volatile void *block) __attribute__((weak));
size_t __asan_get_alloc_stack(void *block, void **stack, size_t size, int *thread)
    __attribute__((weak));

enum { BLOCKS = 32, BYTES = 1 << 16, FOLLOWED = 64, FRAMES = 2 };

typedef struct block {
    const char *at;
    size_t size;
} block;

static bool watched, counting;
static fuzz_left left;
static const volatile void *followed[FOLLOWED]; /* what is left; full: not all of it */
static size_t followed_count;

static struct {
    block all[BLOCKS];
    size_t count, bytes;
    bool too_many, freed; /* freed: one of them, since */
    fuzz_left left;
    char kept[BYTES];
} of_init;

static _Thread_local bool noting;

/* ---- What the sanitizer allocates itself, as a thread begins: libFuzzer has one, which begins when it may -- */

static _Thread_local bool sanitizers;

int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *out);
int __wrap_pthread_attr_destroy(pthread_attr_t *attributes);
/* NULL where nothing is wrapped, and nobody calls these. */
int __real_pthread_getattr_np(pthread_t thread, pthread_attr_t *out) __attribute__((weak));
int __real_pthread_attr_destroy(pthread_attr_t *attributes) __attribute__((weak));

int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *out) {
    sanitizers = true;
    int error = __real_pthread_getattr_np(thread, out);
    sanitizers = false;
    return error;
}

int __wrap_pthread_attr_destroy(pthread_attr_t *attributes) {
    sanitizers = true;
    int error = __real_pthread_attr_destroy(attributes);
    sanitizers = false;
    return error;
}

/* ---- Blocks ------------------------------------------------------------------------------------------- */

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
    if (!counting || sanitizers)
        return;
    left.blocks++;
    left.bytes += (int64_t)size;
    if (followed_count < FOLLOWED)
        followed[followed_count++] = at;
    if (noting)
        note(at, size);
}

/* Most often the latest is freed first. */
static void unfollow(const volatile void *at) {
    for (size_t i = followed_count; i-- > 0;)
        if (followed[i] == at) {
            followed[i] = followed[--followed_count];
            return;
        }
}

static void freed(const volatile void *at) {
    if (at == NULL || !counting || sanitizers)
        return;
    left.blocks--;
    left.bytes -= (int64_t)__sanitizer_get_allocated_size(at);
    unfollow(at);
    if (of_init.count > 0)
        forget(at);
}

void fuzz_heap_watch(void) {
    watched = __sanitizer_install_malloc_and_free_hooks != NULL &&
              __sanitizer_get_allocated_size != NULL &&
              __sanitizer_install_malloc_and_free_hooks(allocated, freed) != 0;
}

static uint64_t place_of(const volatile void *block) {
    void *stack[FRAMES];
    int thread;
    size_t size = __asan_get_alloc_stack((void *)(uintptr_t)block, stack, FRAMES, &thread);
    return size > 0 ? fuzz_place((uint64_t)(uintptr_t)stack[size - 1]) : 0;
}

/* Each place counts once, in whatever order. */
static uint64_t place_of_left(void) {
    uint64_t places[FOLLOWED], sum = 0;
    size_t count = 0;
    if (__asan_get_alloc_stack == NULL || left.blocks <= 0 || followed_count == FOLLOWED)
        return 0;
    for (size_t i = 0; i < followed_count; i++) {
        uint64_t place = place_of(followed[i]);
        size_t known = 0;
        if (place == 0)
            return 0;
        while (known < count && places[known] != place)
            known++;
        if (known == count) {
            places[count++] = place;
            sum += place * 0x9E3779B97F4A7C15u;
        }
    }
    return sum;
}

fuzz_left fuzz_heap_left(void) {
    left.place = place_of_left();
    return left;
}

void fuzz_heap_begin(void) {
    left = (fuzz_left){0};
    followed_count = 0;
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
