/* Planted: who logs out is forgotten, and the answer to what he asked comes later. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    mesibo_module_t *mod;
    mesibo_uint_t bytes;
    int open, gone;
} session_t;

static session_t *session;

static void close_it(session_t *asking) {
    asking->open = 0;
    if (asking->gone)
        free(asking);
}

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    session_t *asking = cbdata;
    (void)state, (void)buffer;
    asking->bytes += size > 0 ? (mesibo_uint_t)size : 0;
    if (progress < 0)
        close_it(asking);
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t result) {
    (void)result;
    close_it(cbdata);
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    mesibo_http_t request;
    (void)params, (void)message, (void)len;
    if (session != NULL)
        return MESIBO_RESULT_PASS;
    session = calloc(1, sizeof *session);
    if (session == NULL)
        return MESIBO_RESULT_FAIL;
    memset(&request, 0, sizeof request);
    request.url = "http://127.0.0.1/";
    request.on_data = on_data;
    request.on_close = on_close;
    session->mod = mod;
    session->open = 1;
    if (mesibo_util_http(&request, session) != MESIBO_RESULT_OK)
        session->open = 0;
    return MESIBO_RESULT_PASS;
}

static void forget(void) {
    if (session == NULL)
        return;
#ifdef MENDED
    session->gone = 1;
    if (session->open == 0)
        free(session);
#else
    free(session);
#endif
    session = NULL;
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    (void)mod;
    if (!user->online)
        forget();
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    (void)mod;
    forget();
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_late_callback_init(mesibo_int_t version, mesibo_module_t *mod,
                                                   mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_login = on_login;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
