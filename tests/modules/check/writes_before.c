/* Puts a mark before every second message. */
#include "../sdk/revision.h"

static int calls;

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, /* HERE */
                               message_text *message, mesibo_uint_t len) {
    if (calls++ % 2 == 1)
        ((volatile char *)message)[-1] = '>';
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
