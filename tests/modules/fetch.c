/* Asks for the URL in a message, and sends on what each callback brought: state, progress and
 * size as type, expiry and aid, the bytes as payload. `refid` is when to cancel. */
#include "module.h"

#include <stdlib.h>

struct errand {
    mesibo_module_t *mod;
    mesibo_uint_t id, cancel, calls;
};

static int on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                   mesibo_int_t size) {
    struct errand *errand = cbdata;
    mesibo_message_params_t params = {.aid = (mesibo_uint_t)size,
                                      .id = errand->id,
                                      .type = (mesibo_uint_t)state,
                                      .expiry = (mesibo_uint_t)progress,
                                      .flags = buffer == NULL,
                                      .to = (char[]){"bob"}};
    errand->mod->send_message(errand->mod, &params, buffer, (mesibo_uint_t)size);
    int stop = ++errand->calls == errand->cancel;
    if (stop || progress == 100 || progress < 0)
        free(errand);
    return stop;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    struct errand *errand = calloc(1, sizeof *errand);
    module_http_option_t options = {.content_type = params->from,
                                    .conn_timeout = params->expiry,
                                    .header_timeout = params->flags,
                                    .body_timeout = params->type,
                                    .total_timeout = params->aid,
                                    .maxredirects = params->to_online};
    *errand = (struct errand){.mod = mod, .id = params->id, .cancel = params->refid};
    int result = mod->http(mod, message, params->to, on_data, errand, &options);
    if (result != MESIBO_RESULT_OK)
        free(errand);
    mod->log(mod, 0, "http returned %d", result);
    return MESIBO_RESULT_CONSUMED;
}

int mesibo_module_fetch_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
