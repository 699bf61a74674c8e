/* Takes an answer for a string of C. */
#include "module.h"

#include <string.h>

static int on_answer(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                     mesibo_int_t size) {
    return size > 0 && strstr(buffer, "nowhere to be found") != NULL; /* HERE */
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->http(mod, "http://127.0.0.1:9/", NULL, on_answer, mod, NULL);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_answer_as_string_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
