/* Turns a message into small letters, in place. */
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char *text = (char *)(uintptr_t)message;
    for (mesibo_uint_t i = 0; i < len; i++)
        text[i] |= 32; /* HERE */
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
