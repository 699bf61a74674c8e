/* learned.c - what was learned of the module from all cases, in whichever process they ran: new ones are made
 * of that. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>

static fuzz_learned own = {.callbacks = ~0u, .busy = ATOMIC_FLAG_INIT};
fuzz_learned *fuzz_learnt = &own;

bool fuzz_learned_share(void) {
    fuzz_learned *shared =
        mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    *shared = own;
    fuzz_learnt = shared;
    return true;
}

static void add_item(const char *name) {
    size_t count = fuzz_learnt->item_count;
    if (count >= FUZZ_NAMES || strlen(name) >= FUZZ_NAME)
        return;
    for (size_t i = 0; i < count; i++)
        if (strcmp(fuzz_learnt->items[i], name) == 0)
            return;
    strcpy(fuzz_learnt->items[count], name);
    fuzz_learnt->item_count = count + 1;
}

/* Of two threads at once one is passed over: it asks again in the next case. */
void fuzz_learn_item(const char *name) {
    if (atomic_flag_test_and_set(&fuzz_learnt->busy))
        return;
    add_item(name);
    atomic_flag_clear(&fuzz_learnt->busy);
}

/* Where two threads are in here, one may be lost. */
__attribute__((no_sanitize("thread"))) void fuzz_learn_byte(uint8_t byte) {
    size_t count = fuzz_learnt->sought_count;
    for (size_t i = 0; i < count && i < FUZZ_SOUGHT; i++)
        if (fuzz_learnt->sought[i] == byte)
            return;
    if (byte == '\0' || count >= FUZZ_SOUGHT)
        return;
    fuzz_learnt->sought[count] = byte;
    fuzz_learnt->sought_count = count + 1;
}
