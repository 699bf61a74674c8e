/* Marks its struct as used, in a field that is the host's, when somebody logs in. */
#include "module.h"

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) /* HERE */
{
    (void)user;
    mod->signature = 0;
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_writes_struct_init(mesibo_int_t version, mesibo_module_t *mod,
                                                   mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    return MESIBO_RESULT_OK;
}
