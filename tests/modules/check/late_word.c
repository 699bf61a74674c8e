/* Takes its configuration out of its struct once a message comes. */
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, /* HERE */
                               message_text *message, mesibo_uint_t len) {
    mod->config = (module_config_t *)params;
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
