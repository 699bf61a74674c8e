/* Planted: a thread counts what the callbacks count too, without a lock. */
#include "module.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count;

static void add(void) {
#ifdef MENDED
    pthread_mutex_lock(&lock);
#else
    (void)lock;
#endif
    count++;
#ifdef MENDED
    pthread_mutex_unlock(&lock);
#endif
}

static void *work(void *data) {
    (void)data;
    add();
    return NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    (void)mod, (void)params;
    if (len > 0 && message[0] == 't')
        mesibo_util_create_thread(work, NULL, 0, "work");
    add();
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_race_init(mesibo_int_t version, mesibo_module_t *mod,
                                          mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
