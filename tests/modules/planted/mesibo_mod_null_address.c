/* Planted: a message need not have an address, as one to a group has none. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)message, (void)len;
#ifdef MENDED
    if (params->to == NULL)
        return MESIBO_RESULT_PASS;
#endif
    return params->to[0] == '#' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_null_address_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "null_address";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
