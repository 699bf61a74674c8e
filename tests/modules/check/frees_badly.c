/* Frees what its item `how` says. */
#include "../sdk/revision.h"

static void free_twice(char *block) {
    free(block);
    free(block);
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    const char *how = mesibo_util_getconfig(mod, "how");
    char *volatile block = (char *)malloc(40);
    if (how != NULL && strcmp(how, "twice") == 0)
        free_twice(block);
    else if (how != NULL && strcmp(how, "inside") == 0)
        free(block + 16);
    else
        free(block);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
