/* Writes into its message although that is const, and logs what it found there. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->log(mod, 0, "found %.10s", message);
    for (mesibo_uint_t i = 0; i < len; i++)
        ((char *)(uintptr_t)message)[i] = 'Z';
    return MESIBO_RESULT_PASS;
}

int mesibo_module_const_write_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
