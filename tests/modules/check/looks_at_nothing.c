/* Looks at the first byte of an answer, also where the request failed and there is none. */
#include "../sdk/revision.h"

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    if ((progress < 0 || size > 0) && buffer[0] == '{') /* HERE */
        mesibo_log((mesibo_module_t *)cbdata, 1, "JSON");
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_http_t request = {0};
    request.url = "http://127.0.0.1:9/";
    request.on_data = on_data;
    mesibo_util_http(&request, mod);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
