/* Connects to the URL in a message, writes to a socket (type 1) or closes one (type 2; the number is
 * `refid`), and logs every callback behind the id of the message that connected. `flags` 1 checks
 * the certificate, 2 keeps alive, 4 sets an `ssl_ctx` that is none; `from` is the protocol of a
 * WebSocket. Data that begins with "cancel" is refused. */
#include "module.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct errand {
    mesibo_module_t *mod;
    unsigned long id;
};

static const char *shown(int fd) {
    int alive = 0;
    socklen_t size = sizeof alive;
    if (fd < 0)
        return "no fd";
    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &alive, &size);
    return alive ? "keepalive fd" : "fd";
}

static void on_connect(void *cbdata, mesibo_int_t asock, mesibo_int_t fd) {
    struct errand *errand = cbdata;
    mesibo_log(errand->mod, 0, "%lu: connect %ld %s", errand->id, (long)asock, shown((int)fd));
}

static void on_write(void *cbdata) {
    struct errand *errand = cbdata;
    mesibo_log(errand->mod, 0, "%lu: write", errand->id);
}

static mesibo_int_t on_data(void *cbdata, const char *data, mesibo_int_t len) {
    struct errand *errand = cbdata;
    mesibo_log(errand->mod, 0, "%lu: data %.*s", errand->id, (int)len, data);
    return len >= 6 && memcmp(data, "cancel", 6) == 0 ? MESIBO_RESULT_FAIL : MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t type) {
    struct errand *errand = cbdata;
    mesibo_log(errand->mod, 0, "%lu: close %d", errand->id, (int)type);
    free(errand);
}

static mesibo_int_t begin(mesibo_module_t *mod, mesibo_message_params_t *params,
                          const char *message, mesibo_uint_t len) {
    struct errand *errand = calloc(1, sizeof *errand);
    char url[512] = "", protocol[64] = "";
    mesibo_socket_t socket = {.url = url,
                              .verify_host = params->flags & 1,
                              .keepalive = params->flags & 2,
                              .ssl_ctx = params->flags & 4 ? errand : NULL,
                              .on_connect = on_connect,
                              .on_write = on_write,
                              .on_data = on_data,
                              .on_close = on_close};
    *errand = (struct errand){mod, params->id};
    memcpy(url, message, len < sizeof url ? len : 0);
    if (params->from != NULL)
        socket.ws_protocol = strncpy(protocol, params->from, sizeof protocol - 1);
    mesibo_int_t result = mesibo_util_socket_connect(&socket, errand);
    /* From here on nothing of it may be read. */
    memset(url, 'x', sizeof url);
    memset(protocol, 'x', sizeof protocol);
    memset(&socket, 0x11, sizeof socket);
    __asm__ volatile("" : : "r"(url), "r"(protocol), "r"(&socket) : "memory");
    if (result != MESIBO_RESULT_OK)
        free(errand);
    return result;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    mesibo_int_t asock = (mesibo_int_t)params->refid;
    if (params->type == 0)
        mesibo_log(mod, 0, "begun %d", (int)begin(mod, params, message, len));
    else if (params->type == 1)
        mesibo_log(mod, 0, "wrote %d",
                   (int)mesibo_util_socket_write(asock, message, (mesibo_int_t)len));
    else
        mesibo_util_socket_close(asock);
    return MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_socket_calls_init(mesibo_int_t version,
                                                           mesibo_module_t *mod, mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
