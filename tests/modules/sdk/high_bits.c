/* Returns results whose upper 32 bits are garbage, as an int left in a register has them. */
#include "revision.h"

#include <stdint.h>

#define GARBAGE ((mesibo_int_t)0x5a5a5a5a00000000)

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    return GARBAGE | (len == 1);
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) { return GARBAGE | 1; }
static mesibo_int_t on_cleanup(mesibo_module_t *mod) { return GARBAGE; }

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_login = on_login;
    mod->on_cleanup = on_cleanup;
    return GARBAGE;
}
