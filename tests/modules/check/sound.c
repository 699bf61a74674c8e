/* Keeps the contract in everything that is checked. */
#include "../sdk/revision.h"

#if REVISION == 2020
#define STATUS_OF(status) params->status
static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params) {
#else
#define STATUS_OF(status) status
static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                                      mesibo_uint_t status) {
#endif
    mesibo_log(mod, 1, "message %" PRIuPTR " has status %" PRIuPTR, params->refid,
               STATUS_OF(status));
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    int shown = len < 64 ? (int)len : 64;
    mesibo_log(mod, 1, "%.*s of %s to %s", shown, message, params->from ? params->from : "nobody",
               params->to ? params->to : "a group");
    return len > 0 && memchr(message, '!', len) != NULL ? MESIBO_RESULT_CONSUMED
                                                        : MESIBO_RESULT_PASS;
}

static mesibo_int_t on_call(mesibo_module_t *mod) {
    *(mesibo_uint_t *)mod->ctx += 1;
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    mesibo_log(mod, 1, "%s is there", user->address ? user->address : "somebody");
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    free(mod->ctx);
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    char *limit = mesibo_util_getconfig(mod, "limit");
    mesibo_uint_t *calls = (mesibo_uint_t *)calloc(1, sizeof *calls);
    if (calls == NULL)
        return MESIBO_RESULT_FAIL;
    *calls = limit != NULL ? strtoul(limit, NULL, 10) : 0;
    mod->ctx = calls;
    mod->description = "sound";
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = mod->on_call_status = on_call;
    mod->on_login = on_login;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
