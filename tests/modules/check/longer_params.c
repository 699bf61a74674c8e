/* Reads params of a longer struct than that of its revision. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    const mesibo_uint_t *words = (const mesibo_uint_t *)params;
    return words[sizeof(*params) / sizeof(*words)] == 42; /* HERE */
}

MESIBO_EXPORT int mesibo_module_longer_params_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
