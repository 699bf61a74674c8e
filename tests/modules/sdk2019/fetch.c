/* Asks for the URL that a message is, and keeps its number of the callbacks; imports mesibo_http. */
#include <module.h>
#include <string.h>

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    mesibo_log((mesibo_module_t *)cbdata, 0, "state %d progress %d", (int)state, (int)progress);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    return mesibo_http(mod, message, NULL, on_data, mod, NULL) == 0 ? MESIBO_RESULT_CONSUMED
                                                                    : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_fetch_init(mesibo_int_t version, mesibo_module_t *mod,
                                           mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
