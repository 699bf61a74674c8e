/* Compares what a script prints with what it printed before. */
#include "../sdk/revision.h"

static const char *before;
static mesibo_int_t size_before;

static mesibo_int_t on_answer(void *cbdata, mesibo_int_t result, const char *buffer,
                              mesibo_int_t size) {
    int same = size > 0 && size == size_before && memcmp(before, buffer, (size_t)size) == 0; /* HERE */
    before = buffer;
    size_before = size;
    return same ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
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
