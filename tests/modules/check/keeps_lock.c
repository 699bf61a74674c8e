/* Leaves a lock taken where a message is long: nobody sees that as long as there is but one thread. */
#define _GNU_SOURCE
#include "../sdk/revision.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static mesibo_uint_t seen;

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    pthread_mutex_lock(&lock); /* HERE */
    seen++;
    if (len > 20)
        return MESIBO_RESULT_PASS;
    pthread_mutex_unlock(&lock);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
