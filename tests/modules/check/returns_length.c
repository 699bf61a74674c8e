/* Returns how long a message is. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, /* HERE */
                      const char *message, mesibo_uint_t len) {
    return (int)len;
}

MESIBO_EXPORT int mesibo_module_returns_length_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
