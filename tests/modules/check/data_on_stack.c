/* Copies what comes from a socket to its stack. */
#include "../sdk/revision.h"

static char copy_of(const char *data, mesibo_int_t len) {
    volatile char copy[len + 1];
    for (mesibo_int_t at = 0; at < len; at++)
        copy[at] = data[at]; /* HERE */
    copy[len] = 0;
    return copy[len / 2];
}

static mesibo_int_t on_data(void *cbdata, const char *data, mesibo_int_t len) {
    return copy_of(data, len) == 1;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_socket_t socket = {0};
    socket.url = "sock://127.0.0.1:9";
    socket.on_data = on_data;
    mesibo_util_socket_connect(&socket, mod);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
