/* Leaves a thread that logs when its cleanup has returned. */
#include "module.h"

#include <pthread.h>
#include <unistd.h>

static mesibo_module_t *self;

static void *tick(void *data) {
    for (;;) {
        usleep(20000);
        self->log(self, 1, "tick"); /* HERE */
    }
    return data;
}

static int cleanup(mesibo_module_t *mod) { return MESIBO_RESULT_OK; }

MESIBO_EXPORT int mesibo_module_ticks_on_init(mesibo_module_t *mod, mesibo_uint_t len) {
    pthread_t thread;
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    if (self == NULL) {
        self = mod;
        if (pthread_create(&thread, NULL, tick, NULL) == 0)
            pthread_detach(thread);
    }
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
