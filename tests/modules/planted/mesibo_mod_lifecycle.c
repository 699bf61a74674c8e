/* Planted: after three logins it keeps a table, which a reload frees and the next message looks at. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

enum { LOGINS = 3 };

static int logins;
static char *table;

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    (void)mod;
    if (user->online && ++logins == LOGINS && table == NULL)
        table = calloc(1, 64);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    (void)mod, (void)params;
    if (table != NULL && len > 0)
        table[0] = message[0];
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    (void)mod;
    free(table);
#ifdef MENDED
    table = NULL;
    logins = 0;
#endif
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_lifecycle_init(mesibo_int_t version, mesibo_module_t *mod,
                                               mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
