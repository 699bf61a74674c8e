/* Answers JSON with the values of its key `text`, one message each, by the signature of its year. */
#include "revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char *copy = (char *)malloc(len + 1), *next = copy, *value;
    memcpy(copy, message, len);
    copy[len] = '\0';
#if REVISION == 2019
    while ((value = mesibo_util_json_extract(next, "text", &next)) != NULL)
#else
    while ((value = mesibo_util_json_extract(next, copy + len - next, "text", &next)) != NULL)
#endif
        mesibo_message(mod, params, value, strlen(value));
    free(copy);
    return MESIBO_RESULT_CONSUMED;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
