/* Decides by a byte that it has never set. */
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char *volatile flags = (char *)malloc(len + 8);
    if (flags == NULL)
        return MESIBO_RESULT_FAIL;
    if (flags[len] == '!') /* HERE */
        mesibo_log(mod, 1, "loud");
    free(flags);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
