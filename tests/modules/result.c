/* Returns the number that the message says; for other events, CODE. */
#include "module.h"

#include <stdlib.h>

#ifndef CODE
#define CODE 0
#endif

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    return atoi(message);
}

static int on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status) {
    return CODE;
}

static int on_call(mesibo_module_t *mod) { return CODE; }

static int cleanup(mesibo_module_t *mod) { return CODE; }

int mesibo_module_result_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = on_call;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
