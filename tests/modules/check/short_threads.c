/* Sound: has a thread for each login, which ends half a second later. */
#define _GNU_SOURCE
#include "../sdk/revision.h"

#include <unistd.h>

static void *greet_later(void *data) {
    usleep(500 * 1000);
    free(data);
    return NULL;
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    char *address = strdup(user->address != NULL ? user->address : "");
    mesibo_util_create_thread(greet_later, address, 0, "greeter");
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    return MESIBO_RESULT_OK;
}
