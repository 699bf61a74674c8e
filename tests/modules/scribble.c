/* Writes into the params it is given: into the words, and in place into both addresses. */
#include "module.h"

#include <stddef.h>
#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    if (params->to != NULL)
        memset(params->to, 'X', strlen(params->to));
    if (params->from != NULL)
        memset(params->from, 'Y', strlen(params->from));
    memset(params, 0xEE, offsetof(mesibo_message_params_t, to));
    return MESIBO_RESULT_PASS;
}

int mesibo_module_scribble_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
