/* Keeps where an answer lay, and looks there when the request is over. */
#include "../sdk/revision.h"

static const char *kept;

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    if (progress < 0)
        kept = NULL;
    else if (state == MODULE_HTTP_STATE_RESPBODY && size > 0)
        kept = buffer;
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t result) {
    if (result == MESIBO_RESULT_OK && kept != NULL && kept[0] == '?') /* HERE */
        mesibo_log((mesibo_module_t *)cbdata, 1, "a question");
    kept = NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_http_t request = {0};
    request.url = "http://127.0.0.1:9/";
    request.on_data = on_data;
    request.on_close = on_close;
    mesibo_util_http(&request, mod);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
