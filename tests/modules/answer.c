/* Logs ANSWER: which of its builds is this? */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->log(mod, 0, "%d", ANSWER);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_answer_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
