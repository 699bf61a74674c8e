/* Looks at the last byte that came, also where it was a failure that came. */
#include "../sdk/revision.h"

static mesibo_int_t parts;

static mesibo_int_t on_answer(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                              const char *buffer, mesibo_int_t size) {
    if (state != MODULE_HTTP_STATE_RESPBODY)
        return MESIBO_RESULT_OK;
    if (progress < 0 && parts == 0)
        return MESIBO_RESULT_OK;
    parts = progress < 0 || progress == 100 ? 0 : parts + 1;
    return size == 0 && buffer[0] == '?'; /* HERE */
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_http(mod, "http://127.0.0.1:9/", "hello", on_answer, mod, NULL);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
