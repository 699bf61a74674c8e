/* Hands a script its own text, with the length of a message. */
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    static char text[] = "somebody wrote";
    mesibo_fcgi_t request = {0};
    request.body = text;
    request.bodylen = len;
    mesibo_util_fcgi(&request, "127.0.0.1", 9, 0, NULL, NULL); /* HERE */
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
