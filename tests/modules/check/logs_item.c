/* Logs an item of its configuration, as a format, in whatever messages it is. */
#include "../sdk/revision.h"

static char *greeting;

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    if (greeting != NULL)
        mesibo_log(mod, 1, greeting); /* HERE */
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    greeting = mesibo_util_getconfig(mod, "greeting");
    return MESIBO_RESULT_OK;
}
