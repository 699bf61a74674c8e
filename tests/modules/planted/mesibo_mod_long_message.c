/* Planted: a command is copied into a buffer that longer ones do not fit in. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char command[64];
    (void)params;
    if (len < 1 || message[0] != '/')
        return MESIBO_RESULT_PASS;
#ifdef MENDED
    if (len >= sizeof command)
        return MESIBO_RESULT_PASS;
#endif
    memcpy(command, message, len);
    command[len] = '\0';
    mod->log(mod, 1, "command %s", command);
    return MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT int mesibo_module_long_message_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "long_message";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
