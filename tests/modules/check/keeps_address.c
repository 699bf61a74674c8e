/* Says in its cleanup who wrote last; the address is over by then. */
#include "../sdk/revision.h"

static const char *last = "nobody";

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    last = params->from != NULL ? params->from : "nobody";
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    char name[32] = {0};
    strncpy(name, last, sizeof name - 1); /* HERE */
    mesibo_log(mod, 1, "%s wrote last", name);
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
