/* Sends every message back as it came, params and all. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->send_message(mod, params, message, len);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_echo_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "echo";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
