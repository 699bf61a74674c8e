/* Calls the host from a thread that it makes itself: four sends, and JSON by the signature of its
 * year. `id` is how many threads. */
#include "revision.h"

#include <pthread.h>

static mesibo_module_t *module;

static void *run(void *data) {
    char json[] = "{\"key\": \"extracted\"}", *next;
    mesibo_message_params_t params;
    memset(&params, 0, sizeof params);
#if REVISION == 2019
    params.to = mesibo_util_json_extract(json, "key", &next);
#else
    params.to = mesibo_util_json_extract(json, sizeof json - 1, "key", &next);
#endif
    for (int i = 0; i < 4; i++)
        mesibo_message(module, &params, "foreign", 7);
    mesibo_log(module, 0, "item %s", mesibo_util_getconfig(module, "item"));
    return NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    pthread_t threads[64];
    int count = (int)params->id;
    module = mod;
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, run, NULL);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
