/* Compares as many bytes of an address as the name that it looks for has. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char name[13];
    if (params->from == NULL)
        return MESIBO_RESULT_PASS;
    memcpy(name, params->from, sizeof name); /* HERE */
    return memcmp(name, "administrator", sizeof name) == 0;
}

MESIBO_EXPORT int mesibo_module_short_address_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
