/* Sends what must be refused, and logs what each send returned. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mesibo_message_params_t nobody = {0};
    mesibo_message_params_t empty = {.to = (char[]){""}};
    mesibo_module_t copy = *mod;
    mod->log(mod, 0, "params NULL: %d", mod->send_message(mod, NULL, message, len));
    mod->log(mod, 0, "message NULL: %d", mod->send_message(mod, params, NULL, 1));
    mod->log(mod, 0, "no address: %d", mod->send_message(mod, &nobody, message, len));
    mod->log(mod, 0, "empty address: %d", mod->send_message(mod, &empty, message, len));
    mod->log(mod, 0, "another struct: %d", mod->send_message(&copy, params, message, len));
    mod->log(mod, 0, "no struct: %d",
             mod->send_message((mesibo_module_t *)8, params, message, len));
    mod->log(mod, 0, "NULL struct: %d", mod->send_message(NULL, params, message, len));
    mod->log(mod, 0, "log to no struct: %d", mod->log((mesibo_module_t *)8, 0, "lost"));
    mod->log(mod, 0, "log without format: %d", mod->log(mod, 0, NULL));
    mod->log(mod, 0, "http without url: %d", mod->http(mod, NULL, NULL, NULL, NULL, NULL));
    mod->log(mod, 0, "NULL and nothing: %d", mod->send_message(mod, params, NULL, 0));
    return MESIBO_RESULT_PASS;
}

int mesibo_module_bad_sends_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
