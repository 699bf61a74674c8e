/* Copies what a script prints to its stack. */
#include "../sdk/revision.h"

static char copy_of(const char *buffer, mesibo_int_t size) {
    volatile char copy[size + 1];
    for (mesibo_int_t at = 0; at < size; at++)
        copy[at] = buffer[at]; /* HERE */
    copy[size] = 0;
    return copy[size / 2];
}

static mesibo_int_t on_answer(void *cbdata, mesibo_int_t result, const char *buffer,
                              mesibo_int_t size) {
    return size > 0 && copy_of(buffer, size) == 1;
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
