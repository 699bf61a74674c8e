/* Makes a state for each load, which its cleanup leaves behind. */
#include "../sdk/revision.h"

typedef struct state {
    mesibo_uint_t messages;
    char name[56];
} state;

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    ((state *)mod->ctx)->messages++;
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    mod->ctx = NULL;
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->ctx = calloc(1, sizeof(state)); /* HERE */
    if (mod->ctx == NULL)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
