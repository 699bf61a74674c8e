/* Touches what it was handed as `type` says, at the byte `id`, counted from the start; `flags` 1 writes
 * there. */
#include "module.h"

#include <stdlib.h>

static const char *kept;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    const char *const places[7] = {message, (const char *)params, params->to, params->from,
                                  (const char *)mod, kept};
    volatile char *at = (char *)(uintptr_t)places[params->type] + (intptr_t)params->id;
    kept = message;
    if (params->type == 6)
        exit(3);
    if (params->flags == 1)
        *at = 'Z'; /* HERE */
    return *at == 'Z';
}

MESIBO_EXPORT int mesibo_module_outside_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
