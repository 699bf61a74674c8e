/* Decides by the sum of a message's bytes, divided by the number in its item: consumes it where nothing
 * is left, fails where 1 is, else passes it on. */
#include "revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    unsigned sum = 0;
    for (mesibo_uint_t i = 0; i < len; i++)
        sum += (unsigned char)message[i];
    unsigned rest = sum % *(unsigned *)mod->ctx;
    return rest == 0   ? MESIBO_RESULT_CONSUMED
           : rest == 1 ? MESIBO_RESULT_FAIL
                       : MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    free(mod->ctx);
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->ctx = malloc(sizeof(unsigned));
    *(unsigned *)mod->ctx = (unsigned)atoi(mesibo_util_getconfig(mod, "number"));
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
