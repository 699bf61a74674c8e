/* compared.c - what the module compared in the last case, and found to differ: numbers that are in the
 * input, or should be. The module is linked so that its comparisons are told here first, and then to
 * libFuzzer, as if the module had called that. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>

enum { PAIRS = 64 };

typedef struct compared {
    struct { uint64_t one, other; } pairs[PAIRS];
    unsigned count;
} compared;

static compared own, *last = &own;

void fuzz_compared_begin(void) { memset(last, 0, sizeof *last); }

bool fuzz_compared_share(void) {
    void *shared = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared != MAP_FAILED)
        last = shared;
    return shared != MAP_FAILED;
}

/* The latest most often: what came before it has been passed. */
bool fuzz_compared(uint64_t chance, uint64_t *one, uint64_t *other) {
    unsigned count = last->count, known = count < PAIRS ? count : PAIRS;
    if (known == 0)
        return false;
    unsigned back = chance & 1 ? 0 : (unsigned)(chance >> 1 & 0xFFFF) % known;
    *one = last->pairs[(count - 1 - back) % PAIRS].one;
    *other = last->pairs[(count - 1 - back) % PAIRS].other;
    return true;
}

/* UBSan asks of each pointer whether it is NULL, and of each sum of one whether it wraps. That says nothing of
 * the input, and where things lie differs from run to run: with the same seed other cases would be kept. */
static bool are_addresses(uint64_t one, uint64_t other) {
    const uint64_t first = 0x500000000000, end = 1ULL << 48; /* programs, libraries, stacks, ASan's heap */
    return (one >= first || other >= first) && (one == 0 || (one >= first && one < end)) &&
           (other == 0 || (other >= first && other < end));
}

#define COMPARED(name, type) \
    void __sanitizer_cov_trace_##name(type one, type other); \
    void __wrap___sanitizer_cov_trace_##name(type one, type other); \
    __attribute__((visibility("default"), no_sanitize("thread"))) void \
        __wrap___sanitizer_cov_trace_##name(type one, type other) { \
        if (one != other && !are_addresses(one, other)) { \
            last->pairs[last->count % PAIRS].one = one; \
            last->pairs[last->count % PAIRS].other = other; \
            last->count++; \
        } \
        fuzz_leave(); \
        if (!are_addresses(one, other)) \
            __sanitizer_cov_trace_##name(one, other); /* the last thing: it asks who called */ \
    }

COMPARED(cmp1, uint8_t)
COMPARED(cmp2, uint16_t)
COMPARED(cmp4, uint32_t)
COMPARED(cmp8, uint64_t)
COMPARED(const_cmp1, uint8_t)
COMPARED(const_cmp2, uint16_t)
COMPARED(const_cmp4, uint32_t)
COMPARED(const_cmp8, uint64_t)
