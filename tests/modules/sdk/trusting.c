/* Checks nothing of what it is given; reads its config in init, and sends to params->to. */
#include "revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    return mesibo_message(mod, params, message, len);
}

INIT {
    mod->on_message = on_message;
    return mod->config != NULL && mesibo_util_getconfig(mod, "absent") != NULL;
}
