/* heap.c - the functions of libc that allocate: modules find them here first. They count what is there, and
 * while tracking they keep who allocated each block. What stands behind them may be a checking allocator
 * that was preloaded. */
#define _GNU_SOURCE
#include "probe.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))

_Atomic bool tracking, counting;
_Atomic int64_t heap_bytes, mapped_bytes;

static _Thread_local bool busy __attribute__((tls_model("initial-exec"))); /* in here already */

/* ---- What stands behind ----------------------------------------------------------------------------------- */

static void *(*real_malloc)(size_t);
static void (*real_free)(void *);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);
static int (*real_munmap)(void *, size_t);

void *real_function(const char *name) { return dlsym(RTLD_NEXT, name); }

/* The checking allocator of glibc has its names for programs that were linked against a version, and
 * those that glibc begins with on a machine: no other name finds it. */
static void *allocator(const char *name) {
#ifdef __GLIBC__
    static const char *const versions[] = {"GLIBC_2.2.5", "GLIBC_2.16", "GLIBC_2.17"};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        void *found = dlvsym(RTLD_NEXT, name, versions[i]);
        if (found != NULL)
            return found;
    }
#endif
    return real_function(name);
}

/* While the functions are looked up, the dynamic linker may ask for a little. */
static _Alignas(16) char early[8192];
static size_t early_used;

static bool is_early(const void *at) {
    return (const char *)at >= early && (const char *)at < early + sizeof early;
}

static void *early_block(size_t size) {
    size_t room = (size + 15) & ~(size_t)15;
    if (room > sizeof early - early_used)
        return NULL;
    void *block = early + early_used;
    early_used += room;
    return block;
}

static bool is_ready(void) {
    static bool looking;
    if (real_munmap != NULL)
        return true;
    if (looking)
        return false;
    looking = true; /* at first there is but one thread */
    *(void **)&real_malloc = allocator("malloc");
    *(void **)&real_free = allocator("free");
    *(void **)&real_calloc = allocator("calloc");
    *(void **)&real_realloc = allocator("realloc");
    *(void **)&real_aligned_alloc = allocator("aligned_alloc");
    *(void **)&real_posix_memalign = allocator("posix_memalign");
    *(void **)&real_mmap = real_function("mmap");
    *(void **)&real_munmap = real_function("munmap");
    return true;
}

/* ---- Blocks whose owner is known ---------------------------------------------------------------------------- */

typedef struct block {
    void *at; /* NULL: free */
    size_t size;
    stack *owner;
} block;

static block *blocks;
static size_t capacity, count; /* a power of two */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t place_of(const void *at) {
    return ((uintptr_t)at >> 4) * (size_t)0x9E3779B97F4A7C15 >> 20 & (capacity - 1);
}

static block *find(const void *at) {
    size_t i = capacity > 0 ? place_of(at) : 0;
    if (capacity == 0)
        return NULL;
    while (blocks[i].at != NULL && blocks[i].at != at)
        i = (i + 1) & (capacity - 1);
    return &blocks[i];
}

static void *map_zeros(size_t size) {
    void *at = real_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at != MAP_FAILED ? at : NULL;
}

/* False: no memory; what is there stays. */
static bool grow(void) {
    block *old = blocks;
    size_t size = capacity;
    block *larger = map_zeros((size > 0 ? size * 2 : 4096) * sizeof *larger);
    if (larger == NULL)
        return false;
    blocks = larger;
    capacity = size > 0 ? size * 2 : 4096;
    for (size_t i = 0; i < size; i++)
        if (old[i].at != NULL)
            *find(old[i].at) = old[i];
    if (old != NULL)
        real_munmap(old, size * sizeof *old);
    return true;
}

static void add(void *at, size_t size, stack *owner) {
    pthread_mutex_lock(&lock);
    if (count * 2 < capacity || grow()) {
        block *place = find(at);
        count += place->at == NULL;
        *place = (block){at, size, owner};
        owner->bytes += (int64_t)size;
        owner->blocks++;
    }
    pthread_mutex_unlock(&lock);
}

/* What stands behind a hole in a run of places moves up into it. */
static void close_gap(size_t hole) {
    for (size_t i = (hole + 1) & (capacity - 1); blocks[i].at != NULL; i = (i + 1) & (capacity - 1)) {
        size_t home = place_of(blocks[i].at);
        if (((i - home) & (capacity - 1)) >= ((i - hole) & (capacity - 1))) {
            blocks[hole] = blocks[i];
            hole = i;
        }
    }
    blocks[hole].at = NULL;
}

/* `out`: what was known of it; its owner is NULL where nothing was. */
static void take(const void *at, block *out) {
    *out = (block){0};
    pthread_mutex_lock(&lock);
    block *found = find(at);
    if (found != NULL && found->at != NULL) {
        *out = *found;
        out->owner->bytes -= (int64_t)out->size;
        out->owner->blocks--;
        close_gap((size_t)(found - blocks));
        count--;
    }
    pthread_mutex_unlock(&lock);
}

void heap_forget(void) {
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < capacity; i++)
        blocks[i].at = NULL;
    count = 0;
    for (size_t i = 0; i < stack_count(); i++)
        stack_at(i)->bytes = stack_at(i)->blocks = stack_at(i)->threads = 0;
    pthread_mutex_unlock(&lock);
}

bool heap_pause(bool paused) {
    bool before = busy;
    busy = paused;
    return before;
}

/* What the host allocates is not the module's, whoever called the host. */
static void note_owner(void *at, size_t size, const void *caller) {
    if (at == NULL || !tracking || busy || frames_are_ours(caller))
        return;
    busy = true;
    stack *owner = stack_here(false);
    if (owner != NULL)
        add(at, size, owner);
    busy = false;
}

static int64_t usable_size(void *at) {
    return counting && at != NULL ? (int64_t)malloc_usable_size(at) : 0;
}

static void *given(void *at, size_t size, const void *caller) {
    heap_bytes += usable_size(at);
    note_owner(at, size, caller);
    return at;
}

/* Before it is freed: should that end the process, the notes say where the block came from. */
static void taken_back(void *at, block *was) {
    *was = (block){0};
    if (at == NULL)
        return;
    if (tracking && !busy)
        take(at, was);
    if (was->owner == NULL)
        return;
    noted->size = was->size;
    memcpy(noted->frames, was->owner->frames, sizeof noted->frames);
    noted->count = was->owner->count;
}

static void over(const block *was) {
    if (was->owner != NULL)
        noted->count = 0;
}

#define CALLER __builtin_return_address(0)

/* ---- The functions -------------------------------------------------------------------------------------------- */

EXPORT void *malloc(size_t size) {
    return is_ready() ? given(real_malloc(size), size, CALLER) : early_block(size);
}

EXPORT void *calloc(size_t number, size_t size) {
    return is_ready() ? given(real_calloc(number, size), number * size, CALLER)
                      : early_block(number * size);
}

EXPORT void free(void *at) {
    block was;
    if (at == NULL || is_early(at))
        return;
    is_ready();
    taken_back(at, &was);
    heap_bytes -= usable_size(at);
    real_free(at);
    over(&was);
}

static void *move_early(const void *at, size_t size) {
    void *moved = real_malloc(size);
    size_t room = (size_t)(early + sizeof early - (const char *)at);
    return moved != NULL ? memcpy(moved, at, size < room ? size : room) : NULL;
}

static void *resize(void *at, size_t size, const void *caller) {
    block was;
    if (!is_ready())
        return early_block(size);
    if (is_early(at))
        return given(move_early(at, size), size, caller);
    taken_back(at, &was);
    int64_t before = usable_size(at);
    void *moved = real_realloc(at, size);
    over(&was);
    if (moved == NULL && size > 0) { /* it is still there */
        if (was.owner != NULL)
            add(at, was.size, was.owner);
        return NULL;
    }
    heap_bytes -= before;
    return given(moved, size, caller);
}

EXPORT void *realloc(void *at, size_t size) { return resize(at, size, CALLER); }

EXPORT void *reallocarray(void *at, size_t number, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(number, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return resize(at, total, CALLER);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
    return is_ready() ? given(real_aligned_alloc(alignment, size), size, CALLER) : NULL;
}

EXPORT void *memalign(size_t alignment, size_t size) {
    return is_ready() ? given(real_aligned_alloc(alignment, size), size, CALLER) : NULL;
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size) {
    int error = is_ready() ? real_posix_memalign(out, alignment, size) : ENOMEM;
    if (error == 0)
        given(*out, size, CALLER);
    return error;
}

/* ---- Mappings of its own: what libc maps for itself does not come by here --------------------------------- */

static void *map(void *where, size_t size, int protection, int flags, int file, off_t offset,
                 const void *caller) {
    is_ready();
    void *at = real_mmap(where, size, protection, flags, file, offset);
    if (at != MAP_FAILED) {
        mapped_bytes += (int64_t)size;
        note_owner(at, size, caller);
    }
    return at;
}

EXPORT void *mmap(void *where, size_t size, int protection, int flags, int file, off_t offset) {
    return map(where, size, protection, flags, file, offset, CALLER);
}

EXPORT int munmap(void *at, size_t size) {
    block was;
    is_ready();
    if (tracking && !busy)
        take(at, &was);
    int error = real_munmap(at, size);
    if (error == 0)
        mapped_bytes -= (int64_t)size;
    return error;
}

#ifdef __GLIBC__ /* one more name for it, of files that are large */
EXPORT void *mmap64(void *where, size_t size, int protection, int flags, int file, off64_t offset) {
    return map(where, size, protection, flags, file, offset, CALLER);
}
#endif
