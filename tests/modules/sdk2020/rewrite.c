/* Writes each message in capitals, in place. */
#include <ctype.h>
#include <module.h>

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    for (mesibo_uint_t i = 0; i < len; i++)
        message[i] = (char)toupper((unsigned char)message[i]);
    return len > 0 && message[len - 1] == '!' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_rewrite_init(mesibo_int_t version, mesibo_module_t *mod,
                                                      mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mesibo_util_usec();
    return MESIBO_RESULT_OK;
}
