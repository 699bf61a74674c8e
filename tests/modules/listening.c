/* A thread of its own logs during its init, which waits for that, and returns RESULT. */
#include "module.h"

#include <pthread.h>

#ifndef RESULT
#define RESULT MESIBO_RESULT_OK
#endif

static void *run(void *data) {
    mesibo_module_t *mod = data;
    mod->log(mod, 0, "listening");
    return NULL;
}

int mesibo_module_listening_init(mesibo_module_t *mod, mesibo_uint_t len) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, mod) != 0 || pthread_join(thread, NULL) != 0)
        return MESIBO_RESULT_FAIL;
    return RESULT;
}
