#define MESIBO_ABI_NO_TAG
#include "doc2019/module.h"

int guest_doc2019_init(void *given, mesibo_uint_t len);

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->send_message(mod, params, message, len);
    return MESIBO_RESULT_PASS;
}

static int on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params, mesibo_uint_t status) {
    return mod == NULL || params == NULL || status == 77;
}

static int on_call(mesibo_module_t *mod) { return mod == NULL; }

int guest_doc2019_init(void *given, mesibo_uint_t len) {
    mesibo_module_t *mod = given;
    if (len != sizeof *mod)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = mod->on_call_status = on_call;
    return MESIBO_RESULT_OK;
}
