/* Has its state in a global, which is not that of one load. */
#include "../sdk/revision.h"

static int *state;

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    *state += 1; /* HERE */
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    free(state);
    state = NULL;
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    state = (int *)calloc(1, sizeof *state);
    if (state == NULL)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
