/* Answers whoever wrote, nobody as well. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mesibo_message_params_t reply = {0};
    reply.to = params->from;
    mod->send_message(mod, &reply, "noted", 5); /* HERE */
    return MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT int mesibo_module_sends_nowhere_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
