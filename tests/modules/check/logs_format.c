/* Logs the beginning of a message, as a format. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char text[64];
    mesibo_uint_t size = len < sizeof text - 1 ? len : sizeof text - 1;
    memcpy(text, message, size);
    text[size] = 0;
    mod->log(mod, 1, text); /* HERE */
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_logs_format_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
