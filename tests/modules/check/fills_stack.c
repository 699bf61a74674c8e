/* Copies a message to its stack, whatever its size. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char copy[len + 1];
    copy[0] = 0; /* HERE */
    if (len > 0)
        memcpy(copy, message, len);
    copy[len] = 0;
    return strstr(copy, "spam") != NULL;
}

MESIBO_EXPORT int mesibo_module_fills_stack_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
