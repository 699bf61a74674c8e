/* Sends every message back. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, /* HERE */
                      const char *message, mesibo_uint_t len) {
    mesibo_message_params_t reply = {0};
    if (params->from == NULL)
        return MESIBO_RESULT_PASS;
    reply.to = params->from;
    reply.from = params->to;
    mod->send_message(mod, &reply, message, len);
    return MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT int mesibo_module_sends_back_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
