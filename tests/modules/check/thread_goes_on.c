/* Has a thread of the host's, which says so when it ends, a moment after the cleanup. */
#include "../sdk/revision.h"
#include <unistd.h>

static int ended;

static void *wait_for_end(void *data) {
    while (!__atomic_load_n(&ended, __ATOMIC_ACQUIRE))
        usleep(1000);
    mesibo_log((mesibo_module_t *)data, 1, "the thread ends");
    return NULL;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    __atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    __atomic_store_n(&ended, 0, __ATOMIC_RELEASE);
    mod->on_cleanup = on_cleanup;
    mesibo_util_create_thread(wait_for_end, mod, 0, "waits");
    return MESIBO_RESULT_OK;
}
