/* standing.c - whether a life is still what it was behind its init. Most cases change nothing that outlives
 * their events, and then cleanup and init would only bring back what is there: the next case begins where
 * this one did.
 *
 * A life is its struct, its data, and what its init allocated. An event that leaves anything there changed,
 * or more or less allocated, or a request or a thread of its own, has changed it, and it is ended as always.
 * What cannot be seen here (thread-local data, files) is not restored by a new life either. */
#include "living.h"

enum {
    STRUCT = 320,
    CREDIT = 32, /* so many changed lives, one after another, and it is not kept any more */
    AGAIN = 64,  /* but of one life in so many */
    CASES = 256  /* that one life is kept for */
};

static char module[STRUCT];
static int credit = CREDIT;
static unsigned lives, cases;

/* Not the first: what its cleanup does is to be seen. */
static bool is_worth_it(void) { return lives++ > 0 && (credit > 0 || lives % AGAIN == 0); }

bool fuzz_standing_keep(const mh_instance *instance) {
    if (!fuzz_asked.hurries || fuzz_asked.threads || !is_worth_it() || !fuzz_heap_keep() ||
        !fuzz_memory_note())
        return false;
    fuzz_copy(module, instance->module, STRUCT);
    cases = 0;
    return true;
}

bool fuzz_standing_is_kept(const mh_instance *instance) {
    bool kept = instance->threads == 0 && instance->guests == 0 && instance->refs == 1 &&
                fuzz_network_is_idle() && fuzz_is_same(module, instance->module, STRUCT) &&
                fuzz_heap_is_kept() && fuzz_memory_is_noted();
    credit += kept ? credit < CREDIT : -(credit > 0);
    return kept && ++cases < CASES;
}
