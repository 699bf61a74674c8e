/* Posts a message as it lies, as if it ended in a NUL. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->http(mod, "http://127.0.0.1:9/", message, NULL, NULL, NULL); /* HERE */
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_posts_message_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
