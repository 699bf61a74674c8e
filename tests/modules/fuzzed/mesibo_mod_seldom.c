/* A race in one of two processes, by chance. */
#include "module.h"

#include <sys/random.h>
#include <unistd.h>

static long count;

static void *work(void *data) {
    (void)data;
    count++;
    return NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    unsigned char chance = 0;
    (void)mod, (void)params, (void)message, (void)len;
    if (getrandom(&chance, 1, 0) == 1 && chance % 2 == 0) {
        mesibo_util_create_thread(work, NULL, 0, "work");
        usleep(1000); /* so that they are not there at the very same moment */
        count++;
    }
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_seldom_init(mesibo_int_t version, mesibo_module_t *mod,
                                            mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
