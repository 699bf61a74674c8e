/* Looks for a value in a text of its own, with the length of a message. */
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char settings[] = "{\"limit\": 7}";
    const char *limit =
        mesibo_util_json_extract(settings, (mesibo_int_t)len, "limit", NULL); /* HERE */
    mesibo_log(mod, 1, "%s", limit != NULL ? limit : "none");
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
