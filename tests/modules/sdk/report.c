/* Logs what it is given, and returns a number for each event. */
#include "revision.h"

#include <stdint.h>

#define U(word) (uint64_t)(word)
#define WORDS_OF(p) \
    U((p)->aid), U((p)->id), U((p)->refid), U((p)->groupid), U((p)->flags), U((p)->type), \
        U((p)->expiry)
#define SEVEN "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64

static void report_params(mesibo_module_t *mod, const char *what, mesibo_message_params_t *p) {
    mesibo_log(mod, 0, "%s " SEVEN " %s>%s reserved %d", what, WORDS_OF(p),
               p->from != NULL ? p->from : "NULL", p->to != NULL ? p->to : "NULL",
               (int)(p->reserved_0 | p->reserved_1 | p->reserved_2 | p->reserved_3));
#if REVISION == 2019
    mesibo_log(mod, 0, "to_online %" PRIu64, U(p->to_online));
#else
    mesibo_log(mod, 0, "uflags %" PRIu64 " status %" PRIu64 " sid %" PRIu64 " device %" PRIu64,
               U(p->uflags), U(p->status), U(p->sid), U(p->device));
#endif
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    report_params(mod, "message", params);
    mesibo_log(mod, 0, "%d bytes: %s", (int)len, message);
    if (params->to != NULL)
        params->to[0] = '!'; /* the host's own copy: nobody else sees it */
    params->id = 999;
    return MESIBO_RESULT_CONSUMED;
}

#if REVISION == 2019
static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                                      mesibo_uint_t status) {
    report_params(mod, "status", params);
    mesibo_log(mod, 0, "is %d", (int)status);
#else
static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params) {
    report_params(mod, "status", params);
#endif
    return MESIBO_RESULT_CONSUMED;
}

static mesibo_int_t on_call(mesibo_module_t *mod) {
    mesibo_log(mod, 0, "call");
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_call_status(mesibo_module_t *mod) {
    mesibo_log(mod, 0, "call status");
    return MESIBO_RESULT_CONSUMED;
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    mesibo_log(mod, 0, "login %" PRIu64 " %d %s reserved %d", U(user->flags), (int)user->online,
               user->address != NULL ? user->address : "NULL",
               (int)(user->reserved_0 | user->reserved_1 | user->reserved_2 | user->reserved_3));
    if (user->address != NULL)
        user->address[0] = '!';
    return MESIBO_RESULT_CONSUMED;
}

#if REVISION == 2020
static mesibo_int_t on_config(mesibo_module_t *mod, mesibo_uint_t type, void *config) {
    mesibo_log(mod, 0, "config %" PRIu64 " %s", U(type),
               config != NULL ? (const char *)config : "NULL");
    return MESIBO_RESULT_CONSUMED;
}
#endif

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    mesibo_log(mod, 0, "cleanup of %s, %s", mod->name, (const char *)mod->ctx);
    free(mod->ctx);
    return 7;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mesibo_log(mod, 0, "init %d of %s with %d bytes, config %s, flags %d", (int)version, mod->name,
               (int)len, mod->config != NULL ? "set" : "NULL", (int)mod->flags);
    mesibo_log(mod, 0, "invoke %d %d", (int)mod->invoke(0, mod), (int)mod->invoke(-1, NULL));
    mesibo_log(mod, 0, "unset %d",
               mod->description == NULL && mod->ctx == NULL && mod->reserved_0 == 0 &&
                   mod->reserved_1 == 0 && mod->reserved_2 == 0 && mod->reserved_3 == 0 &&
                   mod->reserved_4 == 0 && mod->reserved_5 == 0 && mod->reserved_6 == 0 &&
                   mod->reserved_7 == 0);
    mod->flags = 42;
    mod->description = "reports";
    mod->ctx = strdup("its context");
    mod->on_cleanup = on_cleanup;
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = on_call;
    mod->on_call_status = on_call_status;
    mod->on_login = on_login;
#if REVISION == 2020
    mod->on_config = on_config;
#endif
    return MESIBO_RESULT_OK;
}
