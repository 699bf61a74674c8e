/* Overruns a buffer by as much as an address is long: up to what tells who called whom. */
#include "module.h"

#include <stdio.h>

static int on_status(mesibo_module_t *mod, mesibo_message_params_t *params, mesibo_uint_t status) {
    char who[64];
    if (params->to == NULL || status != 3)
        return MESIBO_RESULT_OK;
    sprintf(who, "read by %s", params->to);
    mod->log(mod, 1, "%s", who);
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_smashes_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "smashes";
    mod->on_message_status = on_status;
    return MESIBO_RESULT_OK;
}
