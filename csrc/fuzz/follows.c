/* follows.c - what comes behind what in a case, as counters that libFuzzer looks at. A bug that needs a call
 * and an answer behind a message reaches no new code on the way to it: without these nothing that leads there
 * would be kept. */
#include "fuzz.h"

enum { KINDS = FUZZ_ITEM + 1 }; /* the last: nothing */
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[KINDS][KINDS][KINDS];

void fuzz_follow(const fuzz_case *what) {
    fuzz_kind first = FUZZ_ITEM, then = FUZZ_ITEM;
    for (size_t i = 0; i < what->count; i++) {
        fuzz_kind kind = what->steps[i].kind;
        if (kind >= FUZZ_ITEM)
            continue;
        counters[first][then][kind] = 1; /* how often says nothing */
        first = then;
        then = kind;
    }
}
