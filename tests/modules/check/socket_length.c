/* Writes to its socket a text of its own, with the length of what came from there. */
#include "../sdk/revision.h"

static mesibo_int_t number;

static void on_connect(void *cbdata, mesibo_int_t asock, mesibo_int_t fd) { number = asock; }

static mesibo_int_t on_data(void *cbdata, const char *data, mesibo_int_t len) {
    mesibo_util_socket_write(number, "taken", len); /* HERE */
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_socket_t socket = {0};
    socket.url = "sock://127.0.0.1:9";
    socket.on_connect = on_connect;
    socket.on_data = on_data;
    mesibo_util_socket_connect(&socket, mod);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
