/* coverage.c - for modules whose compiler calls a function at each edge (gcc's -fsanitize-coverage=trace-pc)
 * and has no counters of its own: counters that libFuzzer looks at as well. */
#include <stdint.h>

#ifndef __clang__

enum { COUNTERS = 1 << 14 };
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[COUNTERS];

void __sanitizer_cov_trace_pc(void);
__attribute__((visibility("default"), no_sanitize("thread"))) void __sanitizer_cov_trace_pc(void) {
    uintptr_t place = (uintptr_t)__builtin_return_address(0);
    counters[(place ^ place >> 14) % COUNTERS]++;
}

#else

typedef int nothing_here;

#endif
