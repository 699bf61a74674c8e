/* Asks for the URL in a message and logs every callback behind the message's id. `to` is what to
 * post, `from` its type, `refid` the on_data call that cancels, `flags` what is left out: 1 on_data,
 * 2 on_status, 4 on_close. What on_status returns is `type`. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

struct errand {
    mesibo_module_t *mod;
    unsigned long id, cancel, calls;
    mesibo_int_t of_status;
};

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    struct errand *errand = cbdata;
    mesibo_log(errand->mod, 0, "%lu: data %d %d %d%s", errand->id, (int)state, (int)progress,
               (int)size, buffer == NULL ? " NULL" : "");
    if (progress < 0)
        free(errand);
    else if (++errand->calls == errand->cancel)
        return MESIBO_RESULT_FAIL;
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_status(void *cbdata, mesibo_int_t status, const char *type) {
    struct errand *errand = cbdata;
    mesibo_log(errand->mod, 0, "%lu: status %d %s", errand->id, (int)status,
               type != NULL ? type : "NULL");
    return errand->of_status;
}

static void on_close(void *cbdata, mesibo_int_t result) {
    struct errand *errand = cbdata;
    mesibo_log(errand->mod, 0, "%lu: close %d", errand->id, (int)result);
    free(errand);
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    struct errand *errand = calloc(1, sizeof *errand);
    char url[512] = "", post[512] = "", type[512] = "";
    mesibo_http_t request = {.url = url, .total_timeout = params->expiry};
    *errand = (struct errand){.mod = mod,
                              .id = params->id,
                              .cancel = params->refid,
                              .of_status = (mesibo_int_t)params->type};
    memcpy(url, message, len < sizeof url ? len : 0);
    if (params->to != NULL)
        request.post = strncpy(post, params->to, sizeof post - 1);
    if (params->from != NULL)
        request.content_type = strncpy(type, params->from, sizeof type - 1);
    request.on_data = params->flags & 1 ? NULL : on_data;
    request.on_status = params->flags & 2 ? NULL : on_status;
    request.on_close = params->flags & 4 ? NULL : on_close;
    mesibo_int_t result = mesibo_util_http(&request, errand);
    /* From here on nothing of it may be read. */
    memset(url, 'x', sizeof url);
    memset(post, 'x', sizeof post);
    memset(type, 'x', sizeof type);
    memset(&request, 0x11, sizeof request);
    __asm__ volatile("" : : "r"(url), "r"(post), "r"(type), "r"(&request) : "memory");
    if (result != MESIBO_RESULT_OK)
        free(errand);
    return result == MESIBO_RESULT_OK ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_FAIL;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_http_calls_init(mesibo_int_t version, mesibo_module_t *mod,
                                                         mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
