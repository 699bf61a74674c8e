/* filter.c - the module that all peers call: it looks at the length and the first byte. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)params;
    return len > 0 && message[0] == '!' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

static int cleanup(mesibo_module_t *mod) {
    (void)mod;
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_filter_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "filter";
    mod->cleanup = cleanup;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
