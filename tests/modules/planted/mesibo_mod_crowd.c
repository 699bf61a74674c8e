/* Planted: who wrote last is kept, as if one thread at a time came with a message. */
#include "module.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last[32];
static mesibo_uint_t again;

static void keep(const char *from) {
    if (strncmp(last, from, sizeof last - 1) == 0)
        again++;
    strncpy(last, from, sizeof last - 1);
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)message, (void)len;
    if (params->from == NULL)
        return MESIBO_RESULT_PASS;
#ifdef MENDED
    pthread_mutex_lock(&lock);
#else
    (void)lock;
#endif
    keep(params->from);
#ifdef MENDED
    pthread_mutex_unlock(&lock);
#endif
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_crowd_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "crowd";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
