/* Forks where a message is empty, and comes back in both processes. */
#include "module.h"

#include <unistd.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, /* HERE */
                      const char *message, mesibo_uint_t len) {
    if (len == 0)
        fork();
    return MESIBO_RESULT_PASS;
}

int mesibo_module_forks_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
