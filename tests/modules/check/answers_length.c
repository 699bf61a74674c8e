/* Writes its answer into a place on the stack, and sends as much of it as what it answers has. */
#include "../sdk/revision.h"
#include <stdio.h>

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char text[64];
    mesibo_message_params_t reply = {0};
    if (params->from == NULL)
        return MESIBO_RESULT_PASS;
    snprintf(text, sizeof text, "%" PRIuPTR " bytes", len);
    reply.to = params->from;
    mesibo_message(mod, &reply, text, len); /* HERE */
    return MESIBO_RESULT_CONSUMED;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
