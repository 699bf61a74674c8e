/* compared.c - what the module compared in the last case, and found to differ: numbers that are in the
 * input, or should be. The module is linked so that its comparisons are told here first, and then to
 * libFuzzer, as if the module had called that. */
#include "fuzz.h"

enum { PAIRS = 64 };

static struct { uint64_t one, other; } pairs[PAIRS];
static unsigned count;

void fuzz_compared_begin(void) { count = 0; }

/* The latest most often: what came before it has been passed. */
bool fuzz_compared(uint64_t chance, uint64_t *one, uint64_t *other) {
    unsigned known = count < PAIRS ? count : PAIRS;
    if (known == 0)
        return false;
    unsigned back = chance & 1 ? 0 : (unsigned)(chance >> 1 & 0xFFFF) % known;
    *one = pairs[(count - 1 - back) % PAIRS].one;
    *other = pairs[(count - 1 - back) % PAIRS].other;
    return true;
}

#define COMPARED(name, type) \
    void __sanitizer_cov_trace_##name(type one, type other); \
    void __wrap___sanitizer_cov_trace_##name(type one, type other); \
    __attribute__((visibility("default"), no_sanitize("thread"))) void \
        __wrap___sanitizer_cov_trace_##name(type one, type other) { \
        if (one != other) { \
            pairs[count % PAIRS].one = one; \
            pairs[count % PAIRS].other = other; \
            count++; \
        } \
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
