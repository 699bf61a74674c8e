/* Takes what comes from a socket for a string of C. */
#include "../sdk/revision.h"

static mesibo_int_t on_data(void *cbdata, const char *data, mesibo_int_t len) {
    return strstr(data, "nowhere to be found") != NULL; /* HERE */
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
