/* instances.c - the host's side of each life. It is used again by later cases, for memory is dear under a
 * sanitizer; but not by the same case, and until then nobody may touch its struct. */
#include "living.h"

#include <stdlib.h>

void __asan_poison_memory_region(const volatile void *at, size_t size) __attribute__((weak));
void __asan_unpoison_memory_region(const volatile void *at, size_t size) __attribute__((weak));

static const double PATIENCE = 5.0; /* seconds, for threads that are to leave */

enum { STRUCT = 320, MOST = 32 };

static mh_instance *ready[MOST];
static size_t count, usable; /* those that a case has given back are behind the usable */

static void forget_items(mh_instance *instance) {
    mh_items_free(instance);
    free(instance->abi_config);
    instance->items = NULL;
    instance->item_texts = NULL;
    instance->item_count = 0;
    instance->abi_config = NULL;
}

static mh_instance *make(void) {
    const mh_load load = {.label = "fuzzed",
                          .revision = fuzz_asked.revision,
                          .log_level = UINT64_MAX, /* every line is formatted */
                          .has_synchronous = fuzz_asked.has_synchronous,
                          .thread_safe = fuzz_asked.thread_safe};
    mh_instance *instance = mh_instance_new(fuzz_host, &load, fuzz_revision);
    if (instance == NULL)
        abort();
    forget_items(instance); /* there are none */
    return instance;
}

static void release(mh_instance *instance) {
    mh_instance_forget_module(instance, false);
    mh_instance_unref(instance);
}

/* As it was made, but for its items. */
static mh_instance *next_ready(void) {
    mh_instance *instance = ready[--usable];
    ready[usable] = ready[--count];
    __asan_unpoison_memory_region(instance->module, STRUCT);
    instance->state = MH_LOADING;
    instance->leaving = false;
    instance->damaged_in = NULL;
    return instance;
}

static bool can_be_put_by(void) {
    return fuzz_asked.hurries && __asan_poison_memory_region != NULL &&
           __asan_unpoison_memory_region != NULL;
}

static bool put_by(mh_instance *instance) {
    if (!can_be_put_by() || count == MOST || instance->refs != 1)
        return false;
    forget_items(instance);
    __asan_poison_memory_region(instance->module, STRUCT);
    ready[count++] = instance;
    return true;
}

/* All there may be, so that none is made, and seems to leak, in a life. */
void fuzz_instances_begin(void) {
    while (count < MOST && can_be_put_by())
        put_by(make());
    usable = count;
}

mh_instance *fuzz_instance_take(const mh_item *items, size_t item_count) {
    mh_instance *instance = usable > 0 ? next_ready() : make();
    instance->library = fuzz_library;
    if ((item_count > 0 && !mh_items_copy(instance, items, item_count)) ||
        !mh_instance_offer(instance, fuzz_revision))
        abort();
    mh_register(instance);
    return instance;
}

void fuzz_instance_give(mh_instance *instance) {
    mh_unregister(instance);
    bool left = mh_drain(&instance->guests, PATIENCE) && mh_drain(&instance->threads, PATIENCE);
    instance->library = NULL;
    instance->state = MH_DEAD;
    if (!left || put_by(instance))
        return; /* its threads may look there yet, or a later case has it */
    release(instance);
}
