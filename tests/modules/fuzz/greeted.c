/* Reads further than it was lent, or longer: by the flags of a login, and the type of a configuration. */
#include "module.h"

#include <string.h>

static struct {
    const char *address, *data;
    mesibo_user_t *user;
} kept;
static volatile char found;

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    (void)mod;
    switch (user->flags) {
    case 1: kept.address = user->address, kept.user = user; break;
    case 2: found = user->address[strlen(user->address) + 1]; break;
    case 3: found = ((const char *)user)[sizeof *user]; break;
    case 4: found = kept.address[0]; break;
    case 5: found = *(const char *)kept.user; break;
    default: break;
    }
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_config(mesibo_module_t *mod, mesibo_uint_t type, void *config) {
    (void)mod;
    switch (type) {
    case 1: kept.data = config; break;
    case 2: found = ((const char *)config)[strlen(config) + 1]; break;
    case 3: found = kept.data[0]; break;
    default: break;
    }
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_greeted_init(mesibo_int_t version, mesibo_module_t *mod,
                                                      mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    mod->on_config = on_config;
    return MESIBO_RESULT_OK;
}
