/* Two bugs: one that nearly every message meets, and one behind it. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char deep[4];
    (void)mod;
    if (params->id > 0)
        return ((const volatile char *)message)[len]; /* one too far */
    if (len > 4 && memcmp(message, "deep", 4) == 0)
        memcpy(deep, message, len);
    else
        return MESIBO_RESULT_PASS;
    return deep[0] == 'd' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_shallow_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "shallow";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
