/* Logs where its message lies. */
#include "module.h"

#include <inttypes.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->log(mod, 0, "%" PRIuPTR, (uintptr_t)message);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_where_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
