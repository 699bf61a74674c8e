/* Takes an answer for one that comes in one part. */
#include "module.h"

#include <stddef.h>

static mesibo_int_t total;

static int on_answer(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                     mesibo_int_t size) {
    mesibo_int_t *whole = progress == 100 ? &total : NULL;
    if (progress < 0)
        return MESIBO_RESULT_OK;
    *whole += size; /* HERE */
    return MESIBO_RESULT_OK;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->http(mod, "http://127.0.0.1:9/", NULL, on_answer, mod, NULL);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_one_part_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
