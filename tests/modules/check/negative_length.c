/* Sends the number of bytes that it has left, which may be below 0. */
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    static const char notice[] = "this is long enough";
    mesibo_message_params_t reply = {0};
    if (params->from == NULL)
        return MESIBO_RESULT_PASS;
    reply.to = params->from;
    mesibo_message(mod, &reply, notice, sizeof notice - 1 - len); /* HERE */
    return MESIBO_RESULT_CONSUMED;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
