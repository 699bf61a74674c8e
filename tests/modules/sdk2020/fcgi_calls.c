/* Hands every message to the script of its configuration, `to` as the query, and logs the answer
 * behind the message's id. */
#include "module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct errand {
    mesibo_module_t *mod;
    unsigned long id;
};

static mesibo_int_t on_answer(void *cbdata, mesibo_int_t result, const char *buffer,
                              mesibo_int_t size) {
    struct errand *errand = cbdata;
    mesibo_log(errand->mod, 0, "%lu: answer %d %d %.*s", errand->id, (int)result, (int)size,
               buffer != NULL ? (int)size : 4, buffer != NULL ? buffer : "NULL");
    free(errand);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    struct errand *errand = calloc(1, sizeof *errand);
    char query[256] = "";
    const char *port = mesibo_util_getconfig(mod, "port");
    mesibo_fcgi_t request = {.DOCUMENT_ROOT = mesibo_util_getconfig(mod, "root"),
                             .SCRIPT_NAME = mesibo_util_getconfig(mod, "script"),
                             .QUERY_STRING = query,
                             .CONTENT_TYPE = (char[]){"text/plain"},
                             .body = message,
                             .bodylen = len};
    *errand = (struct errand){mod, params->id};
    if (params->to != NULL)
        strncpy(query, params->to, sizeof query - 1);
    mesibo_int_t result = mesibo_util_fcgi(&request, mesibo_util_getconfig(mod, "host"),
                                           port != NULL ? atoi(port) : 0, 1, on_answer, errand);
    /* From here on nothing of it may be read. */
    memset(query, 'x', sizeof query);
    memset(&request, 0x11, sizeof request);
    __asm__ volatile("" : : "r"(query), "r"(&request) : "memory");
    if (result != MESIBO_RESULT_OK)
        free(errand);
    return result == MESIBO_RESULT_OK ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_FAIL;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_fcgi_calls_init(mesibo_int_t version, mesibo_module_t *mod,
                                                         mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
