/* Calls a function that a host of its revision does not have. */
#include "module.h"

extern unsigned long mesibo_util_usec(void);

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)params, (void)message, (void)len;
    mod->log(mod, 0, "%lu", mesibo_util_usec());
    return MESIBO_RESULT_PASS;
}

int mesibo_module_borrows_init(mesibo_module_t *mod, mesibo_uint_t len) {
    (void)len;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
