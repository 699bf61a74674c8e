/* Planted: what a server answers is collected in a buffer that longer answers do not fit in. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    mesibo_module_t *mod;
    char text[128];
    mesibo_uint_t size;
} answer_t;

static int on_answer(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                     mesibo_int_t size) {
    answer_t *answer = cbdata;
    (void)state;
#ifdef MENDED
    if (size > 0 && answer->size + (mesibo_uint_t)size > sizeof answer->text)
        size = (mesibo_int_t)(sizeof answer->text - answer->size);
#endif
    if (size > 0) {
        memcpy(answer->text + answer->size, buffer, (size_t)size);
        answer->size += (mesibo_uint_t)size;
    }
    if (progress < 0 || progress == 100)
        free(answer);
    return MESIBO_RESULT_OK;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    answer_t *answer;
    (void)params;
    if (len < 3 || memcmp(message, "get", 3) != 0)
        return MESIBO_RESULT_PASS;
    answer = calloc(1, sizeof *answer);
    if (answer == NULL)
        return MESIBO_RESULT_FAIL;
    answer->mod = mod;
    if (mod->http(mod, "http://127.0.0.1/", NULL, on_answer, answer, NULL) != MESIBO_RESULT_OK)
        free(answer);
    return MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT int mesibo_module_long_body_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "long_body";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
