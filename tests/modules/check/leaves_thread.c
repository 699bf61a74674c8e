/* Has a thread for each login, none of which ends. */
#define _GNU_SOURCE
#include "../sdk/revision.h"

#include <unistd.h>

static void *wait_for_ever(void *data) {
    for (;;)
        pause();
    return data;
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    mesibo_util_create_thread(wait_for_ever, NULL, 0, "greeter"); /* HERE */
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    return MESIBO_RESULT_OK;
}
