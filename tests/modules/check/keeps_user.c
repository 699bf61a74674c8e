/* Remembers who logged in last by the struct that it was handed. */
#include "../sdk/revision.h"

static mesibo_user_t *last;

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    if (last != NULL && last->online) /* HERE */
        mesibo_log(mod, 1, "another is there");
    last = user;
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    return MESIBO_RESULT_OK;
}
