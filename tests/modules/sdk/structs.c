/* Sends what it is given as it lies in memory, one message for each piece, `to` the name of it. In its
 * init it writes to every word of its struct that is its own. */
#include "revision.h"

static void tell(mesibo_module_t *mod, const char *what, const void *piece, size_t size) {
    mesibo_message_params_t params;
    memset(&params, 0, sizeof params);
    params.to = (char *)what;
    mesibo_message(mod, &params, (const char *)piece, size);
}

static void tell_text(mesibo_module_t *mod, const char *what, const char *text) {
    if (text != NULL)
        tell(mod, what, text, strlen(text));
}

static void tell_params(mesibo_module_t *mod, mesibo_message_params_t *params) {
    tell(mod, "module", mod, sizeof *mod);
    tell(mod, "params", params, sizeof *params);
    tell_text(mod, "to", params->to);
    tell_text(mod, "from", params->from);
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    tell_params(mod, params);
    tell(mod, "message", message, len);
    return MESIBO_RESULT_PASS;
}

#if REVISION == 2019
static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                                      mesibo_uint_t status) {
    tell(mod, "status", &status, sizeof status);
#else
static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params) {
#endif
    tell_params(mod, params);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t tell_module(mesibo_module_t *mod) {
    tell(mod, "module", mod, sizeof *mod);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    tell_module(mod);
    tell(mod, "user", user, sizeof *user);
    tell_text(mod, "address", user->address);
    return MESIBO_RESULT_OK;
}

#if REVISION == 2020
static mesibo_int_t on_config(mesibo_module_t *mod, mesibo_uint_t type, void *config) {
    tell_module(mod);
    tell(mod, "type", &type, sizeof type);
    tell_text(mod, "config", (const char *)config);
    return MESIBO_RESULT_OK;
}
#endif

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    tell(mod, "given", mod, sizeof *mod);
    if (mod->config != NULL)
        tell(mod, "items", mod->config, sizeof *mod->config);
    mod->flags = 0xF0;
    mod->description = "tells";
    mod->ctx = (void *)0xF1;
#if REVISION == 2020
    mod->custom_fns = (void *)0xF2;
    mod->on_config = on_config;
#endif
    mod->reserved_0 = 0xE0;
    mod->reserved_1 = 0xE1;
    mod->reserved_2 = 0xE2;
    mod->reserved_3 = 0xE3;
    mod->reserved_4 = 0xE4;
    mod->reserved_5 = 0xE5;
    mod->reserved_6 = 0xE6;
    mod->reserved_7 = 0xE7;
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = tell_module;
    mod->on_call_status = tell_module;
    mod->on_login = on_login;
    mod->on_cleanup = tell_module;
    tell(mod, "left", mod, sizeof *mod);
    return MESIBO_RESULT_OK;
}
