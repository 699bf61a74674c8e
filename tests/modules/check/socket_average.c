/* Says how much a socket brought each time, when that is closed. */
#include "../sdk/revision.h"

static mesibo_int_t connected, times, total;

static void on_connect(void *cbdata, mesibo_int_t asock, mesibo_int_t fd) { connected = 1; }

static mesibo_int_t on_data(void *cbdata, const char *data, mesibo_int_t len) {
    times++;
    total += len;
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t type) {
    if (connected)
        mesibo_log((mesibo_module_t *)cbdata, 1, "%d", (int)(total / times)); /* HERE */
    connected = times = total = 0;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_socket_t socket = {0};
    socket.url = "sock://127.0.0.1:9";
    socket.on_data = on_data;
    socket.on_connect = on_connect;
    socket.on_close = on_close;
    mesibo_util_socket_connect(&socket, mod);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
