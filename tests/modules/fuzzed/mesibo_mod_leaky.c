/* Two bugs: each message leaks, as much as it is long, and one breaks. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char deep[4];
    char *copy = malloc(len + 1);
    (void)mod, (void)params;
    if (copy == NULL)
        return MESIBO_RESULT_FAIL;
    memcpy(copy, message, len);
    copy[len] = '\0';
    if (len > 8 && memcmp(copy, "deeper:", 7) == 0 && copy[7] == copy[8])
        memcpy(deep, copy, len);
    else
        return MESIBO_RESULT_PASS;
    return deep[0] == 'd' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_leaky_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "leaky";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
