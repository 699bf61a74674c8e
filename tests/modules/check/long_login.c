/* Compares who logs in with a name of a fixed length. */
#include "../sdk/revision.h"

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    char name[32];
    if (user->address == NULL)
        return MESIBO_RESULT_OK;
    memcpy(name, user->address, sizeof name); /* HERE */
    mesibo_log(mod, 1, "%d", memcmp(name, "admin", 6));
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    return MESIBO_RESULT_OK;
}
