/* Extracts from a thread of its own by a tail call: nothing says whose call it is but the arguments. */
#include "revision.h"

#include <pthread.h>

static char *next;

static void *run(void *json) {
#if REVISION == 2019
    return mesibo_util_json_extract((char *)json, "key", &next);
#else
    return mesibo_util_json_extract((char *)json, (mesibo_int_t)strlen((char *)json), "key", &next);
#endif
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char json[] = "{\"key\": \"extracted\"}";
    pthread_t thread;
    void *value = NULL;
    pthread_create(&thread, NULL, run, json);
    pthread_join(thread, &value);
    mesibo_log(mod, 0, "%s", value != NULL ? (char *)value : "NULL");
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
