/* Takes as many milliseconds over a message as the message says, and tells whether one is in it. */
#define _DEFAULT_SOURCE
#include "module.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int inside;

__attribute__((visibility("default"))) int sleeper_inside(void) { return inside; }

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    inside++;
    usleep(1000u * (unsigned)atoi(message));
    inside--;
    return MESIBO_RESULT_PASS;
}

int mesibo_module_sleeper_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
