/* Sends what it is given as it lies in memory, one message for each piece, `to` the name of it. */
#include "module.h"

#include <string.h>

static void tell(mesibo_module_t *mod, char *what, const void *piece, size_t size) {
    mesibo_message_params_t params = {.to = what};
    mod->send_message(mod, &params, piece, size);
}

static void tell_params(mesibo_module_t *mod, mesibo_message_params_t *params) {
    tell(mod, "params", params, sizeof *params);
    if (params->to != NULL)
        tell(mod, "to", params->to, strlen(params->to));
    if (params->from != NULL)
        tell(mod, "from", params->from, strlen(params->from));
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    tell_params(mod, params);
    tell(mod, "message", message, len);
    return MESIBO_RESULT_PASS;
}

static int on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status) {
    tell(mod, "status", &status, sizeof status);
    tell_params(mod, params);
    return MESIBO_RESULT_OK;
}

int mesibo_module_structs_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    return MESIBO_RESULT_OK;
}
