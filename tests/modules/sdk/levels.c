/* Logs a line at each of five levels. */
#include "revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    for (unsigned level = 0; level < 5; level++)
        mesibo_log(mod, level, "level %u\n\n", level);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
