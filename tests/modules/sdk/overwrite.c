/* Overwrites the word of its struct that the message names. */
#include "revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    static const uintptr_t wrong = 0x1111111111111111;
    if (strcmp(message, "version") == 0)
        mod->version = wrong;
    if (strcmp(message, "signature") == 0)
        mod->signature = wrong;
    if (strcmp(message, "invoke") == 0)
        memcpy(&mod->invoke, &wrong, sizeof wrong);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
