/* Asks while it is called, and waits; a body of more than sixteen bytes does not fit where it puts that. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 16 };

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    (void)progress;
    if (state == MODULE_HTTP_STATE_RESPBODY && size > 0 && size > ROOM)
        abort();
    if (state == MODULE_HTTP_STATE_RESPBODY && size > 0)
        memcpy(cbdata, buffer, (size_t)size);
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    char room[ROOM];
    module_http_option_t options = {.synchronous = 1};
    (void)params, (void)message, (void)len;
    return mesibo_http(mod, "http://service.example/", NULL, on_data, room, &options) == 0
               ? MESIBO_RESULT_CONSUMED
               : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_waits_init(mesibo_int_t version, mesibo_module_t *mod,
                                           mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
