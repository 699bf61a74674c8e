/* Writes before its struct in a callback. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    ((volatile mesibo_uint_t *)mod)[-1] = len; /* HERE */
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_before_struct_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
