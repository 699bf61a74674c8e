/* opened.c - the library, the host that it is in, and the network that it has not. */
#define _GNU_SOURCE
#include "living.h"

#include "../library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

mh_host *fuzz_host;
const mh_revision *fuzz_revision;
mh_library *fuzz_library;
void *fuzz_entry;

bool fuzz_has_items(void) { return strcmp(fuzz_asked.revision, "doc2019") != 0; }

static int64_t drop_message(void *context, mh_instance *from, const mh_params *params,
                            const char *message, size_t len) {
    (void)context, (void)from, (void)params, (void)message, (void)len;
    return 0;
}

/* Of cases with threads: else lines go to steps.c. */
static int64_t drop_line(void *context, const mh_line *line) {
    (void)context, (void)line;
    return 0;
}

bool fuzz_open(void) {
    static const mh_limits limits = {1 << 20, 1 << 20, 64};
    const mh_hooks hooks = {.send = drop_message,
                            .log = fuzz_asked.threads ? drop_line : NULL,
                            .witness = fuzz_witness,
                            .answer = fuzz_network_answer};
    char why[1024] = "";
    fuzz_revision = mh_revision_find(fuzz_asked.revision);
    fuzz_host = fuzz_revision != NULL ? mh_host_new(&hooks, &limits, false) : NULL;
    if (fuzz_host == NULL) {
        fprintf(stderr, "%s: no such revision, or no memory\n", fuzz_asked.revision);
        return false;
    }
    fuzz_host->served = true; /* by the thread of the case */
    fuzz_host->server = pthread_self();
    mh_instance *constructing = fuzz_instance_take(NULL, 0);
    mh_pass pass = {0};
    mh_frame frame;
    mh_push(&frame, constructing, &pass, NULL);
    fuzz_library = mh_library_open(fuzz_asked.library, NULL, why, sizeof why);
    if (fuzz_library != NULL)
        fuzz_entry = mh_library_symbol(fuzz_library, fuzz_asked.entry, why, sizeof why);
    mh_pop(&frame);
    fuzz_instance_give(constructing);
    if (fuzz_entry == NULL)
        fprintf(stderr, "%s\n", why);
    return fuzz_entry != NULL && fuzz_memory_keep(fuzz_asked.library);
}

void fuzz_forked(void) {
    fuzz_host->generation = mh_generation;
    fuzz_host->server = pthread_self();
}

bool fuzz_is_code(uint64_t address) { return mh_library_has_code(fuzz_library, address); }

uint64_t fuzz_place(uint64_t address) {
    Dl_info module;
    if (address == 0 || !fuzz_is_code(address) || dladdr((void *)(uintptr_t)address, &module) == 0)
        return 0;
    return address - (uint64_t)(uintptr_t)module.dli_fbase;
}
