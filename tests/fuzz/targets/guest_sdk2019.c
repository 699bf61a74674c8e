#define MESIBO_ABI_NO_TAG
#include "sdk2019/module.h"

#include <string.h>

mesibo_int_t guest_sdk2019_init(mesibo_int_t version, void *given, mesibo_int_t len);

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                               mesibo_uint_t len) {
    mesibo_message(mod, params, message, len);
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                                      mesibo_uint_t status) {
    return mod == NULL || params == NULL || status == 77;
}

static mesibo_int_t on_call(mesibo_module_t *mod) { return mod == NULL; }

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    return mod == NULL || (user->address != NULL && strlen(user->address) == 77);
}

mesibo_int_t guest_sdk2019_init(mesibo_int_t version, void *given, mesibo_int_t len) {
    mesibo_module_t *mod = given;
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = mod->on_call_status = on_call;
    mod->on_login = on_login;
    return MESIBO_RESULT_OK;
}
