/* Decides by the sum of a message's bytes, divided by 11: consumes it where nothing is left, fails where
 * 1 is, else passes it on. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    unsigned sum = 0;
    for (mesibo_uint_t i = 0; i < len; i++)
        sum += (unsigned char)message[i];
    return sum % 11 == 0   ? MESIBO_RESULT_CONSUMED
           : sum % 11 == 1 ? MESIBO_RESULT_FAIL
                           : MESIBO_RESULT_PASS;
}

int mesibo_module_route_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
