/* Rewrites every byte of a message, each in another way, and fails behind that where the first one
 * has become divisible by 17. */
#include <module.h>

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    for (mesibo_uint_t i = 0; i < len; i++)
        message[i] = (char)(message[i] * 5 + (int)i + 1);
    return len > 0 && (unsigned char)message[0] % 17 == 0 ? MESIBO_RESULT_FAIL
                                                          : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_stir_init(mesibo_int_t version, mesibo_module_t *mod,
                                                   mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
