/* bridge.c - hands messages to a script behind FastCGI, and what it prints back to the sender.
 *
 *     module bridge {
 *         address = script
 *         host = 127.0.0.1
 *         port = 9000
 *         root = /srv/www
 *         script = message.php
 *     }
 *
 * A `host` that begins with a slash is a Unix socket, and needs no port. The script reads the message
 * from its standard input, and the sender from QUERY_STRING. */
#include "module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bridge_s {
    char *address, *host, *root, *script;
    mesibo_int_t port;
} bridge_t;

typedef struct errand_s {
    mesibo_module_t *mod;
    mesibo_uint_t aid, id;
    char to[256];
} errand_t;

/* Once a request: the whole answer, or a failure. */
static mesibo_int_t on_answer(void *cbdata, mesibo_int_t result, const char *buffer,
                              mesibo_int_t size) {
    errand_t *errand = (errand_t *)cbdata;
    bridge_t *bridge = (bridge_t *)errand->mod->ctx;
    if (result == MESIBO_RESULT_OK && size > 0) {
        mesibo_message_params_t params;
        memset(&params, 0, sizeof params);
        params.aid = errand->aid;
        params.refid = errand->id;
        params.to = errand->to;
        params.from = bridge->address;
        mesibo_message(errand->mod, &params, buffer, (mesibo_uint_t)size);
    } else if (result != MESIBO_RESULT_OK) {
        mesibo_log(errand->mod, 0, "no answer for %s\n", errand->to);
    }
    free(errand);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               char *message, mesibo_uint_t len) {
    bridge_t *bridge = (bridge_t *)mod->ctx;
    if (params->to == NULL || params->from == NULL || strcmp(params->to, bridge->address) != 0)
        return MESIBO_RESULT_PASS;
    errand_t *errand = (errand_t *)calloc(1, sizeof *errand);
    if (errand == NULL)
        return MESIBO_RESULT_FAIL;
    errand->mod = mod;
    errand->aid = params->aid;
    errand->id = params->id;
    snprintf(errand->to, sizeof errand->to, "%s", params->from);

    char type[] = "text/plain";
    mesibo_fcgi_t request; /* on the stack, and its strings too: the host copies them */
    memset(&request, 0, sizeof request);
    request.DOCUMENT_ROOT = bridge->root;
    request.SCRIPT_NAME = bridge->script;
    request.QUERY_STRING = params->from;
    request.CONTENT_TYPE = type;
    request.body = message;
    request.bodylen = len;
    if (mesibo_util_fcgi(&request, bridge->host, bridge->port, 1, on_answer, errand) !=
        MESIBO_RESULT_OK) {
        free(errand);
        return MESIBO_RESULT_FAIL; /* the host has logged why */
    }
    return MESIBO_RESULT_CONSUMED;
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    mesibo_log(mod, 1, "%s is %s\n", user->address != NULL ? user->address : "nobody",
               user->online ? "online" : "offline");
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    free(mod->ctx);
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_bridge_init(mesibo_int_t version, mesibo_module_t *mod,
                                                     mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    bridge_t *bridge = (bridge_t *)calloc(1, sizeof *bridge);
    if (bridge == NULL)
        return MESIBO_RESULT_FAIL;
    const char *port = mesibo_util_getconfig(mod, "port");
    bridge->address = mesibo_util_getconfig(mod, "address");
    bridge->host = mesibo_util_getconfig(mod, "host");
    bridge->root = mesibo_util_getconfig(mod, "root");
    bridge->script = mesibo_util_getconfig(mod, "script");
    bridge->port = port != NULL ? atoi(port) : 0; /* atoi(NULL) would end the process */
    if (bridge->address == NULL || bridge->host == NULL || bridge->script == NULL) {
        mesibo_log(mod, 0, "address, host and script must be configured\n");
        free(bridge);
        return MESIBO_RESULT_FAIL;
    }
    mod->ctx = bridge;
    mod->description = "hands messages to a script";
    mod->on_message = on_message;
    mod->on_login = on_login;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
