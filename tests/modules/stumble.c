/* Asks for the URL in a message, if there is one; its callback ends as `from` says: null or hang, with the
 * `id`th call. From a thread of its own where `type` is 1. With `refid` 1 the message goes on. */
#include "module.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct errand {
    mesibo_module_t *mod;
    mesibo_uint_t calls, last;
    char url[256], how[8];
};

static int on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                   mesibo_int_t size) {
    struct errand *errand = cbdata;
    int is_now = ++errand->calls == errand->last;
    if (is_now && strcmp(errand->how, "null") == 0)
        *(volatile int *)NULL = 1;
    while (is_now && strcmp(errand->how, "hang") == 0)
        continue;
    if (progress == 100 || progress < 0) {
        errand->mod->log(errand->mod, 0, "progress %d", (int)progress);
        free(errand);
    }
    return 0;
}

static void *ask(void *data) {
    struct errand *errand = data;
    mesibo_module_t *mod = errand->mod;
    if (mod->http(mod, errand->url, NULL, on_data, errand, NULL) != 0)
        free(errand);
    return NULL;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    int result = params->refid == 1 ? MESIBO_RESULT_PASS : MESIBO_RESULT_CONSUMED;
    pthread_t thread;
    if (len == 0)
        return result;
    struct errand *errand = calloc(1, sizeof *errand);
    errand->mod = mod;
    errand->last = params->id;
    memcpy(errand->url, message, len < sizeof errand->url ? len : 0);
    strncpy(errand->how, params->from != NULL ? params->from : "", sizeof errand->how - 1);
    if (params->type != 1 || pthread_create(&thread, NULL, ask, errand) != 0)
        ask(errand);
    else
        pthread_detach(thread);
    return result;
}

int mesibo_module_stumble_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
