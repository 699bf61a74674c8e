/* Counts in a global what all its loads get, in its struct what this load gets. */
#include "module.h"

static int all;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->flags++;
    mod->log(mod, 0, "%d in all, %d here", ++all, (int)mod->flags);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_counter_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
