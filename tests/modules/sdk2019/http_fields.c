/* Makes a request with the options of the table that a message is, and sends on header and body of
 * the answer. */
#include "module.h"

#include "../table.h"

#define TEXT(field) .field = entry(table, len, #field),
#define NUMBER(field) .field = number(table, len, #field),

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    mesibo_message_params_t params = {
        .to = state == MODULE_HTTP_STATE_RESPHEADER ? "header" : "body"};
    if (size > 0)
        mesibo_message(cbdata, &params, buffer, (mesibo_uint_t)size);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    char *table = copied(message, len);
    module_http_option_t options = {
        TEXT(proxy) TEXT(content_type) TEXT(extra_header) TEXT(user_agent) TEXT(referrer)
        TEXT(origin) TEXT(cookie) TEXT(encoding) TEXT(cache_control) TEXT(accept) TEXT(etag)
        NUMBER(ims) NUMBER(maxredirects) NUMBER(conn_timeout) NUMBER(header_timeout)
        NUMBER(body_timeout) NUMBER(total_timeout) NUMBER(retries) NUMBER(synchronous)};
    mesibo_int_t result = mesibo_http(mod, entry(table, len, "url"), entry(table, len, "post"),
                                      on_data, mod, &options);
    burn(table, len, &options, sizeof options);
    return result == MESIBO_RESULT_OK ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_FAIL;
}

MESIBO_EXPORT int mesibo_module_http_fields_init(mesibo_int_t version, mesibo_module_t *mod,
                                                 mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
