/* Allocates a name without its NUL: most blocks have room for that by luck. */
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    size_t size = len < 20 ? 20 : (len | 15) - 3;
    char *name = (char *)malloc(size);
    if (name == NULL)
        return MESIBO_RESULT_FAIL;
    memset(name, '-', size);
    name[size] = '\0';
    mesibo_log(mod, 1, "%s", name);
    free(name); /* HERE */
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
