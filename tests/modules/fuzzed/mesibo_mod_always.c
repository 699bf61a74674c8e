/* Frees what it has freed already, in every case that has a message. */
#include "module.h"

#include <stdlib.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char *volatile kept = malloc(16);
    (void)mod, (void)params, (void)message, (void)len;
    free(kept);
    free(kept);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_always_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "always";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
