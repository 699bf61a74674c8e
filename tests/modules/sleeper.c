/* Takes as many milliseconds over a message as the message says. */
#define _DEFAULT_SOURCE
#include "module.h"

#include <stdlib.h>
#include <unistd.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    usleep(1000u * (unsigned)atoi(message));
    return MESIBO_RESULT_PASS;
}

int mesibo_module_sleeper_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
