/* Decides by the message's last byte: consumes what is divisible by the number in its item, else passes. */
#include "revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    int number = *(int *)mod->ctx;
    return len > 0 && (unsigned char)message[len - 1] % number == 0 ? MESIBO_RESULT_CONSUMED
                                                                    : MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    free(mod->ctx);
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->ctx = malloc(sizeof(int));
    *(int *)mod->ctx = atoi(mesibo_util_getconfig(mod, "number"));
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
