/* Tells of every event: a status goes back as the payload of its message, calls are logged. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->log(mod, 0, "message");
    return MESIBO_RESULT_PASS;
}

static int on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status) {
    mod->send_message(mod, params, (const char *)&status, sizeof status);
    return MESIBO_RESULT_OK;
}

static int on_call(mesibo_module_t *mod) {
    mod->log(mod, 0, "call");
    return MESIBO_RESULT_OK;
}

static int on_call_status(mesibo_module_t *mod) {
    mod->log(mod, 0, "call status");
    return MESIBO_RESULT_CONSUMED;
}

int mesibo_module_events_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->name = "events";
    mod->flags = 0xFEDCBA9876543210;
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = on_call;
    mod->on_call_status = on_call_status;
    return MESIBO_RESULT_OK;
}
