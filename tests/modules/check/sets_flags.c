/* Sends in the name of the server. */
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_message_params_t reply = {0};
    if (params->from == NULL)
        return MESIBO_RESULT_PASS;
    reply.to = params->from;
    reply.flags = MOD_MESIBO_MSGFLAG_OUTGOING | MOD_MESIBO_MSGFLAG_TRANSIENT;
    mesibo_message(mod, &reply, "noted", 5); /* HERE */
    return MESIBO_RESULT_CONSUMED;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
