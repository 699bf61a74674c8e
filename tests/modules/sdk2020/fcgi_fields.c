/* Makes a FastCGI request with the fields of the table that a message is, to its `host` and `port`,
 * with its `keepalive`, and logs the answer. */
#include "module.h"

#include "../table.h"

#define TEXT(field) .field = entry(table, len, #field),

static mesibo_int_t on_answer(void *cbdata, mesibo_int_t result, const char *buffer,
                              mesibo_int_t size) {
    mesibo_log(cbdata, 0, "answer %d %.*s", (int)result, (int)size, buffer);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    char *table = copied(message, len);
    mesibo_fcgi_t request = {
        TEXT(USER) TEXT(SCRIPT_FILENAME) TEXT(QUERY_STRING) TEXT(CONTENT_TYPE) TEXT(SCRIPT_NAME)
        TEXT(REQUEST_URI) TEXT(DOCUMENT_URI) TEXT(DOCUMENT_ROOT) TEXT(SERVER_PROTOCOL)
        TEXT(REQUEST_SCHEME) TEXT(REMOTE_ADDR) TEXT(REMOTE_PORT) TEXT(SERVER_ADDR)
        TEXT(SERVER_PORT) TEXT(SERVER_NAME) TEXT(HTTP_HOST) TEXT(HTTP_CONNECTION)
        TEXT(HTTP_CACHE_CONTROL) TEXT(HTTP_UPGRADE_INSECURE_REQUESTS) TEXT(HTTP_USER_AGENT)
        TEXT(HTTP_ACCEPT) TEXT(HTTP_ACCEPT_ENCODING) TEXT(HTTP_ACCEPT_LANGUAGE) TEXT(body)
        .bodylen = number(table, len, "bodylen")};
    mesibo_int_t result =
        mesibo_util_fcgi(&request, entry(table, len, "host"),
                         (mesibo_int_t)number(table, len, "port"),
                         (mesibo_int_t)number(table, len, "keepalive"), on_answer, mod);
    burn(table, len, &request, sizeof request);
    return result == MESIBO_RESULT_OK ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_FAIL;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_fcgi_fields_init(mesibo_int_t version,
                                                          mesibo_module_t *mod, mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
