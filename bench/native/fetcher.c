/* fetcher.c - asks for the URL in a message `id` times, `refid` requests at once. */
#include "module.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_long left, failed;

typedef struct errand {
    mesibo_module_t *mod;
    char url[256];
} errand;

static int on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                   mesibo_int_t size) {
    (void)state, (void)buffer, (void)size;
    errand *errand = cbdata;
    if (progress >= 0 && progress < 100)
        return 0;
    failed += progress < 0;
    mesibo_module_t *mod = errand->mod;
    if (left-- <= 0 || mod->http(mod, errand->url, NULL, on_data, errand, NULL) != 0)
        free(errand);
    return 0;
}

/* CONSUMED where a request had failed since the last message. */
static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    long before = atomic_exchange(&failed, 0);
    if (len >= sizeof((errand *)NULL)->url)
        return MESIBO_RESULT_FAIL;
    left = (long)params->id - (long)params->refid;
    for (mesibo_uint_t i = 0; i < params->refid; i++) {
        errand *next = calloc(1, sizeof *next);
        if (next == NULL)
            return MESIBO_RESULT_FAIL;
        next->mod = mod;
        memcpy(next->url, message, len);
        if (mod->http(mod, next->url, NULL, on_data, next, NULL) != MESIBO_RESULT_OK) {
            free(next);
            return MESIBO_RESULT_FAIL;
        }
    }
    return before == 0 ? MESIBO_RESULT_PASS : MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT int mesibo_module_fetcher_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "fetcher";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
