/* Keeps a socket open and trusts that nobody talks on it after he has said goodbye. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static char *greeting;

static void on_connect(void *cbdata, mesibo_int_t asock, mesibo_int_t fd) {
    (void)cbdata, (void)fd;
    mesibo_util_socket_write(asock, "hello", 5);
}

static mesibo_int_t on_data(void *cbdata, const char *data, mesibo_int_t len) {
    (void)cbdata;
    if (len == 0)
        return MESIBO_RESULT_OK;
    greeting[0] = data[0]; /* NULL, after the second of them */
    greeting = data[0] == 'q' ? greeting : NULL;
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t type) { (void)cbdata, (void)type; }

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    static char room[8];
    mesibo_socket_t socket = {.url = "sock://line.example:7",
                              .on_connect = on_connect,
                              .on_data = on_data,
                              .on_close = on_close};
    (void)user;
    greeting = room;
    return mesibo_util_socket_connect(&socket, mod);
}

MESIBO_EXPORT int mesibo_module_line_init(mesibo_int_t version, mesibo_module_t *mod,
                                          mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    return MESIBO_RESULT_OK;
}
