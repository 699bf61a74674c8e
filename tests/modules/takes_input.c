/* Reads what comes in by the standard input of its process. */
#include "module.h"

#include <unistd.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char line[4096];
    (void)params, (void)message, (void)len;
    mod->log(mod, 0, "%ld", (long)read(0, line, sizeof line));
    return MESIBO_RESULT_PASS;
}

int mesibo_module_takes_input_init(mesibo_module_t *mod, mesibo_uint_t len) {
    (void)len;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
