/* Asks for the URL in a message, and takes a second over its first callback. */
#include "module.h"

#include <time.h>

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    const struct timespec second = {1, 0};
    if (state != MODULE_HTTP_STATE_REQUEST)
        return MESIBO_RESULT_OK;
    nanosleep(&second, NULL);
    mesibo_log(cbdata, 0, "awake");
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    mesibo_http_t request = {.url = message, .on_data = on_data};
    mesibo_util_http(&request, mod);
    return MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_drowsy_init(mesibo_int_t version, mesibo_module_t *mod,
                                                     mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
