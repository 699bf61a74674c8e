/* Calls every host function, and has every callback. */
#include "module.h"

#include <string.h>

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    return MESIBO_RESULT_OK;
}

static void *run(void *data) {
    mesibo_log(data, 0, "on a thread");
    return NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    char json[] = "{\"a\": \"b\"}", *next;
    mesibo_log(mod, 0, "%s", mesibo_util_getconfig(mod, "colour"));
    mesibo_util_json_extract(json, "a", &next);
    mesibo_message(mod, params, message, len);
    mesibo_http(mod, "http://127.0.0.1:1/", NULL, on_data, mod, NULL);
    mesibo_util_create_thread(run, mod, 0, "runner");
    mod->invoke(5, mod);
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                                      mesibo_uint_t status) {
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_call(mesibo_module_t *mod) { return MESIBO_RESULT_OK; }

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) { return MESIBO_RESULT_OK; }

MESIBO_EXPORT int mesibo_module_everything_init(mesibo_int_t version, mesibo_module_t *mod,
                                                mesibo_int_t len) {
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = on_call;
    mod->on_call_status = on_call;
    mod->on_cleanup = on_call;
    mod->on_login = on_login;
    return MESIBO_RESULT_OK;
}
