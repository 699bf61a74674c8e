/* Looks at the last byte of what a script prints, also where it failed and there is none. */
#include "../sdk/revision.h"

static mesibo_int_t on_answer(void *cbdata, mesibo_int_t result, const char *buffer,
                              mesibo_int_t size) {
    if ((result != MESIBO_RESULT_OK || size > 0) && buffer[size - 1] == '\n') /* HERE */
        mesibo_log((mesibo_module_t *)cbdata, 1, "a line");
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_fcgi_t request = {0};
    mesibo_util_fcgi(&request, "127.0.0.1", 9, 0, on_answer, mod);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
