/* calls.c - what stands behind cffi's API mode; cffi puts it into the C file that it writes. */
#include "opening.h"

static int call_on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                           const char *message, mesibo_uint_t len) {
    return mod->on_message(mod, params, message, len);
}

static mesibo_module_t *open_module(const char *path, const char *entry, void *send) {
    peer_send function = NULL;
    memcpy(&function, &send, sizeof function);
    return (mesibo_module_t *)peer_open(path, entry, function, NULL);
}

static void close_module(mesibo_module_t *mod) { peer_close((peer_module *)mod); }
