/* Takes two locks, in one order for messages and in the other for statuses. */
#define _GNU_SOURCE
#include "../sdk/revision.h"

#include <pthread.h>
#include <sched.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static mesibo_uint_t seen;

static void count(pthread_mutex_t *outer, pthread_mutex_t *inner) {
    pthread_mutex_lock(outer);
    sched_yield();
    pthread_mutex_lock(inner);
    seen++;
    pthread_mutex_unlock(inner);
    pthread_mutex_unlock(outer);
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    count(&first, &second);
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params) {
    count(&second, &first);
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    return MESIBO_RESULT_OK;
}
