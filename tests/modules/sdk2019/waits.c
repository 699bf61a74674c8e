/* Makes a synchronous request for the URL in a message, and does in its callback at the end what `from`
 * says: null, hang, kill. `type` 1: from a thread, which is waited for; 2: it is not. `to` "kill" has a
 * thread of its own end the process while it waits. The sum of the body is logged. */
#define _GNU_SOURCE
#include "module.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct errand {
    mesibo_module_t *mod;
    char url[256], how[8];
    unsigned long size, slow;
};

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    struct errand *errand = cbdata;
    if (progress < 0)
        mesibo_log(errand->mod, 0, "failure");
    if (state == MODULE_HTTP_STATE_RESPBODY && progress >= 0)
        errand->size += (unsigned long)size;
    if (errand->slow > 0)
        usleep((unsigned)errand->slow);
    if (progress == 100 && strcmp(errand->how, "null") == 0)
        *(volatile int *)NULL = 1;
    while (progress == 100 && strcmp(errand->how, "hang") == 0)
        continue;
    return 0;
}

static void ask(struct errand *errand) {
    module_http_option_t options = {.synchronous = 1};
    mesibo_int_t result = mesibo_http(errand->mod, errand->url, NULL, on_data, errand, &options);
    mesibo_log(errand->mod, 0, "returned %d, %lu bytes", (int)result, errand->size);
}

static void *run(void *data) {
    ask(data);
    free(data);
    return NULL;
}

static void *end(void *data) {
    usleep(500000);
    kill(getpid(), SIGKILL);
    return data;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    struct errand *errand = calloc(1, sizeof *errand);
    pthread_t thread;
    errand->mod = mod;
    errand->slow = params->aid;
    memcpy(errand->url, message, len < sizeof errand->url ? len : 0);
    strncpy(errand->how, params->from != NULL ? params->from : "", sizeof errand->how - 1);
    if (params->to != NULL && strcmp(params->to, "kill") == 0)
        pthread_create(&thread, NULL, end, NULL);
    if (params->type == 0)
        run(errand);
    else if (params->type == 1 && pthread_create(&thread, NULL, run, errand) == 0)
        pthread_join(thread, NULL);
    else
        mesibo_util_create_thread(run, errand, 0, "asks");
    return MESIBO_RESULT_CONSUMED;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) { return mesibo_log(mod, 0, "cleanup"); }

MESIBO_EXPORT int mesibo_module_waits_init(mesibo_int_t version, mesibo_module_t *mod,
                                           mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
