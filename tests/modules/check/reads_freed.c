/* Looks at a block that it has just freed. */
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char *volatile copy = (char *)malloc(len + 64);
    if (copy == NULL)
        return MESIBO_RESULT_FAIL;
    memset(copy, 'x', len + 64);
    free(copy);
    return copy[len + 32] == '!'; /* HERE */
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
