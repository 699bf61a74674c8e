/* Two bugs: it reads an address that is NULL, and the byte behind a message of some length. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod;
    if (strcmp(params->to, "nobody") == 0)
        return MESIBO_RESULT_CONSUMED;
    return len > 7 && message[len] == '!' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

int mesibo_module_pair_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof *mod)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
