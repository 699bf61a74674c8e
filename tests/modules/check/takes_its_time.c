/* Takes a twentieth of a second for each message, which is allowed. */
#define _DEFAULT_SOURCE
#include "module.h"

#include <unistd.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)params, (void)message, (void)len;
    usleep(50000);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_takes_its_time_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
