/* coverage.c - for modules that call a function at each edge (-fsanitize-coverage=trace-pc) and have no
 * counters of their own: counters that libFuzzer looks at as well. gcc has no others, and those of clang are
 * races to ThreadSanitizer. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#if !defined __clang__
#define HAS_COUNTERS 0
#else
#define HAS_COUNTERS !__has_feature(thread_sanitizer)
#endif

#if !HAS_COUNTERS

enum { COUNTERS = 1 << 14 };
__attribute__((section("__libfuzzer_extra_counters"), used,
               aligned(COUNTERS))) static uint8_t counters[COUNTERS];

void __sanitizer_cov_trace_pc(void);
__attribute__((visibility("default"), no_sanitize("thread"))) void __sanitizer_cov_trace_pc(void) {
    uintptr_t place = (uintptr_t)__builtin_return_address(0);
    counters[(place ^ place >> 14) % COUNTERS]++;
}

/* Where pages are larger, what is counted in a fork is not seen. */
bool fuzz_coverage_share(void) {
    return sysconf(_SC_PAGESIZE) > COUNTERS ||
           mmap(counters, COUNTERS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
                0) != MAP_FAILED;
}

#else

bool fuzz_coverage_share(void) { return true; }

#endif
