/* Looks for the key `text` in a message, of which sdk2020 gives the length `id`, with `flags` 1 in no
 * text at all; and logs whether it is there, and where the search would go on. */
#include "revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char *copy = (char *)malloc(len + 1), *value;
    char *src = (params->flags & 1) != 0 ? NULL : copy, *next = (char *)mod;
    memcpy(copy, message, len);
    copy[len] = '\0';
#if REVISION == 2019
    value = mesibo_util_json_extract(src, "text", &next);
#else
    value = mesibo_util_json_extract(src, (mesibo_int_t)params->id, "text", &next);
#endif
    mesibo_log(mod, 0, "%s, next %d", value != NULL ? "found" : "not found",
               next == (char *)mod ? -1 : (int)(next - src));
    free(copy);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
