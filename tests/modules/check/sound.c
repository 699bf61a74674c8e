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

#ifdef ASKS_NOTHING
#define ask(mod, message, len) ((void)0)
#else
/* ---- What it asks for: each request has a context of its own, freed in its last callback ---- */

typedef struct errand_s {
    mesibo_module_t *mod;
    mesibo_int_t size, socket;
    char begin[32];
} errand_t;

static errand_t *errand_of(mesibo_module_t *mod) {
    errand_t *errand = (errand_t *)calloc(1, sizeof *errand);
    if (errand != NULL)
        errand->mod = mod;
    return errand;
}

static void take(errand_t *errand, const char *bytes, mesibo_int_t size) {
    mesibo_int_t room = (mesibo_int_t)sizeof errand->begin - errand->size;
    if (size > 0 && room > 0)
        memcpy(errand->begin + errand->size, bytes, (size_t)(size < room ? size : room));
    errand->size += size < room ? size : room;
}

static void tell(errand_t *errand, const char *how) {
    mesibo_log(errand->mod, 1, "%s: %.*s", how, (int)errand->size, errand->begin);
    free(errand);
}

#if REVISION == 2020
static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    errand_t *errand = (errand_t *)cbdata;
    if (progress < 0)
        tell(errand, "failed");
    else if (state == MODULE_HTTP_STATE_RESPBODY)
        take(errand, buffer, size);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_status(void *cbdata, mesibo_int_t status, const char *response_type) {
    mesibo_log(((errand_t *)cbdata)->mod, 1, "%d %s", (int)status,
               response_type != NULL ? response_type : "of no type");
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t result) {
    tell((errand_t *)cbdata, result == MESIBO_RESULT_OK ? "answered" : "cancelled");
}

static mesibo_int_t on_script(void *cbdata, mesibo_int_t result, const char *buffer,
                              mesibo_int_t size) {
    take((errand_t *)cbdata, buffer, size);
    tell((errand_t *)cbdata, result == MESIBO_RESULT_OK ? "printed" : "failed");
    return MESIBO_RESULT_OK;
}

static void on_connect(void *cbdata, mesibo_int_t asock, mesibo_int_t fd) {
    ((errand_t *)cbdata)->socket = asock;
    mesibo_util_socket_write(asock, "hello", 5);
}

static mesibo_int_t on_socket_data(void *cbdata, const char *data, mesibo_int_t len) {
    take((errand_t *)cbdata, data, len);
    mesibo_util_socket_write(((errand_t *)cbdata)->socket, data, len);
    return MESIBO_RESULT_OK;
}

static void ask(mesibo_module_t *mod, char *message, mesibo_uint_t len) {
    mesibo_http_t http = {0};
    mesibo_fcgi_t script = {0};
    mesibo_socket_t socket = {0};
    http.url = "http://127.0.0.1:9/";
    http.on_data = on_data;
    http.on_status = on_status;
    http.on_close = on_close;
    script.body = message;
    script.bodylen = len;
    socket.url = "sock://127.0.0.1:9";
    socket.on_connect = on_connect;
    socket.on_data = on_socket_data;
    socket.on_close = on_close;
    errand_t *errands[3] = {errand_of(mod), errand_of(mod), errand_of(mod)};
    if (errands[0] != NULL && mesibo_util_http(&http, errands[0]) != MESIBO_RESULT_OK)
        free(errands[0]);
    if (errands[1] != NULL &&
        mesibo_util_fcgi(&script, "127.0.0.1", 9, 0, on_script, errands[1]) != MESIBO_RESULT_OK)
        free(errands[1]);
    if (errands[2] != NULL && mesibo_util_socket_connect(&socket, errands[2]) != MESIBO_RESULT_OK)
        free(errands[2]);
}
#else
static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    errand_t *errand = (errand_t *)cbdata;
    if (state == MODULE_HTTP_STATE_RESPBODY && progress >= 0)
        take(errand, buffer, size);
    if (progress < 0 || progress == 100)
        tell(errand, progress < 0 ? "failed" : "answered");
    return MESIBO_RESULT_OK;
}

/* One that is answered later, and one that is answered in the call. */
static void ask(mesibo_module_t *mod, const char *message, mesibo_uint_t len) {
    module_http_option_t options = {0};
    for (options.synchronous = 0; options.synchronous < 2; options.synchronous++) {
        errand_t *errand = errand_of(mod);
        if (errand != NULL && mesibo_http(mod, "http://127.0.0.1:9/", NULL, on_data, errand,
                                          &options) != MESIBO_RESULT_OK)
            free(errand);
    }
}
#endif
#endif

/* ---- Events ---- */

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    int shown = len < 64 ? (int)len : 64;
    mesibo_log(mod, 1, "%.*s of %s to %s", shown, message, params->from ? params->from : "nobody",
               params->to ? params->to : "a group");
    if (len == 4 && memcmp(message, "help", 4) == 0)
        ask(mod, message, len);
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
