/* Calls every host function, and has every callback. The message is where the requests go to. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_status(void *cbdata, mesibo_int_t status, const char *type) {
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t result) {}

static mesibo_int_t on_fcgi(void *cbdata, mesibo_int_t result, const char *buffer,
                            mesibo_int_t size) {
    return MESIBO_RESULT_OK;
}

static void on_connect(void *cbdata, mesibo_int_t socket, mesibo_int_t descriptor) {
    mesibo_util_socket_write(socket, "ping", 4);
}

static void on_write(void *cbdata) {}

static mesibo_int_t on_socket_data(void *cbdata, const char *data, mesibo_int_t len) {
    mesibo_util_socket_close(1);
    return MESIBO_RESULT_FAIL; /* it ends here */
}

static void *run(void *data) {
    mesibo_log(data, 0, "on a thread");
    return NULL;
}

static void say(mesibo_module_t *mod, const char *format, ...) {
    va_list args;
    va_start(args, format);
    mesibo_vlog(mod, 0, format, args);
    va_end(args);
}

/* Where the requests go to, as the message says: the URL of a web server, and that of a socket. */
static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    char json[] = "{\"a\": \"b\"}", *next, *socket_url = strchr(message, ' ');
    mesibo_http_t http = {.url = message, .on_data = on_data, .on_status = on_status,
                          .on_close = on_close};
    mesibo_fcgi_t fcgi = {.SCRIPT_NAME = (char[]){"/script.php"}, .USER = (char[]){"me"}};
    mesibo_log(mod, 0, "%s", mesibo_util_getconfig(mod, "colour"));
    say(mod, "%d", 42);
    mesibo_util_json_extract(json, (mesibo_int_t)strlen(json), "a", &next);
    mesibo_message(mod, params, message, len);
    mesibo_util_create_thread(run, mod, 0, "runner");
    mesibo_util_fcgi(&fcgi, "127.0.0.1", 1, 0, on_fcgi, mod);
    mesibo_util_usec();
    mod->invoke(5, mod);
    if (socket_url != NULL) {
        mesibo_socket_t socket = {.url = socket_url + 1, .on_connect = on_connect,
                                  .on_write = on_write, .on_data = on_socket_data,
                                  .on_close = on_close};
        mesibo_util_socket_connect(&socket, mod);
        *socket_url = '\0';
    }
    mesibo_util_http(&http, mod);
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_event(mesibo_module_t *mod) { return MESIBO_RESULT_OK; }

static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params) {
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) { return MESIBO_RESULT_OK; }

static mesibo_int_t on_config(mesibo_module_t *mod, mesibo_uint_t type, void *config) {
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_everything_init(mesibo_int_t version, mesibo_module_t *mod,
                                                         mesibo_int_t len) {
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = on_event;
    mod->on_call_status = on_event;
    mod->on_cleanup = on_event;
    mod->on_login = on_login;
    mod->on_config = on_config;
    return MESIBO_RESULT_OK;
}
