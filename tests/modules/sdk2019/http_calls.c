/* Asks for the URL in a message and logs every callback behind the message's id. `to` is what to
 * post, `refid` the callback that cancels, `flags` 1 a synchronous request, 3 one from a thread. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

struct errand {
    mesibo_module_t *mod;
    unsigned long id, cancel, calls;
    char url[512];
};

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    struct errand *errand = cbdata;
    mesibo_log(errand->mod, 0, "%lu: data %d %d %d%s", errand->id, (int)state, (int)progress,
               (int)size, buffer == NULL ? " NULL" : "");
    return ++errand->calls == errand->cancel;
}

/* The errand of a synchronous request is on the stack of whoever asks. */
static mesibo_int_t ask(struct errand *errand, const char *post, mesibo_uint_t synchronous) {
    module_http_option_t options = {.synchronous = synchronous};
    mesibo_int_t result =
        mesibo_http(errand->mod, errand->url, post, on_data, errand, &options);
    memset(&options, 0x11, sizeof options);
    __asm__ volatile("" : : "r"(&options) : "memory");
    mesibo_log(errand->mod, 0, "%lu: returned %d", errand->id, (int)result);
    return result;
}

static void *run(void *data) {
    struct errand errand = *(struct errand *)data;
    free(data);
    ask(&errand, NULL, 1);
    return NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    struct errand *errand = calloc(1, sizeof *errand); /* kept: nobody here counts the callbacks */
    *errand = (struct errand){.mod = mod, .id = params->id, .cancel = params->refid};
    memcpy(errand->url, message, len < sizeof errand->url ? len : 0);
    if ((params->flags & 2) != 0)
        mesibo_util_create_thread(run, errand, 0, "asks");
    else if ((params->flags & 1) != 0) {
        struct errand here = *errand;
        free(errand);
        ask(&here, params->to, 1);
    } else
        ask(errand, params->to, 0);
    return MESIBO_RESULT_CONSUMED;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    return mesibo_log(mod, 0, "cleanup");
}

MESIBO_EXPORT int mesibo_module_http_calls_init(mesibo_int_t version, mesibo_module_t *mod,
                                                mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
