/* Logs its configuration before it checks `len`; imports nothing that one revision alone has. */
#include "revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_log(mod, 0, "to %s", params->to);
    return MESIBO_RESULT_CONSUMED;
}

INIT {
    mesibo_log(mod, 0, "%s starts, word = %s", mod->name, mesibo_util_getconfig(mod, "word"));
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    if (mesibo_util_getconfig(mod, "word") == NULL) {
        mesibo_log(mod, 0, "no word in the configuration");
        return MESIBO_RESULT_FAIL;
    }
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
