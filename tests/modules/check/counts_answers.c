/* Counts the answers to its requests behind its struct. */
#include "module.h"

static int on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                   mesibo_int_t size) {
    mesibo_module_t *mod = cbdata;
    (void)state, (void)progress, (void)buffer, (void)size;
    mod->signature++;
    return MESIBO_RESULT_OK;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)params, (void)message, (void)len;
    mod->http(mod, "http://127.0.0.1:1/", "x", on_data, mod, NULL);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_counts_answers_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
