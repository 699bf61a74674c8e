/* Returns a result that it has never set, of a message without a question. */
#include "../sdk/revision.h"

static mesibo_int_t judge(const char *message, mesibo_uint_t len) {
    mesibo_int_t *volatile result = (mesibo_int_t *)malloc(sizeof *result); /* HERE */
    if (result == NULL)
        return MESIBO_RESULT_FAIL;
    if (len > 0 && memchr(message, '?', len) != NULL)
        *result = MESIBO_RESULT_CONSUMED;
    mesibo_int_t found = *result & 1;
    free(result);
    return found;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    return judge(message, len);
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
