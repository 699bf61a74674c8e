/* Calls every host function, and has every callback. */
#include "module.h"

static int on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                   mesibo_int_t size) {
    return MESIBO_RESULT_OK;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    module_http_option_t options = {.user_agent = "crossing", .total_timeout = 3};
    mod->log(mod, 0, "%s and %d", "words", 42);
    mod->log(mod, 7, "nobody hears this");
    mod->send_message(mod, params, message, len);
    mod->send_message(mod, NULL, message, len);
    mod->http(mod, "http://127.0.0.1:1/", "a=b", on_data, mod, &options);
    return MESIBO_RESULT_CONSUMED;
}

static int on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status) {
    return MESIBO_RESULT_OK;
}

static int on_call(mesibo_module_t *mod) { return MESIBO_RESULT_OK; }

static int cleanup(mesibo_module_t *mod) { return MESIBO_RESULT_OK; }

int mesibo_module_everything_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = on_call;
    mod->on_call_status = on_call;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
