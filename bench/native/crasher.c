/* crasher.c - writes to a NULL pointer when a message begins with '!'. */
#include "module.h"

static volatile int *volatile nowhere;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)params;
    if (len > 0 && message[0] == '!')
        *nowhere = 1;
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_crasher_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "crasher";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
