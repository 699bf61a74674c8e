/* Makes a thread with a stack of `id` bytes, which sends how many it has got. */
#ifndef _GNU_SOURCE /* g++ says so itself */
#define _GNU_SOURCE
#endif
#include "revision.h"

#include <pthread.h>
#include <stdio.h>

static void *run(void *data) {
    pthread_attr_t attributes;
    size_t size = 0;
    char text[32];
    mesibo_message_params_t params;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstacksize(&attributes, &size);
    pthread_attr_destroy(&attributes);
    memset(&params, 0, sizeof params);
    params.to = (char *)"stack";
    snprintf(text, sizeof text, "%zu", size);
    mesibo_message((mesibo_module_t *)data, &params, text, strlen(text));
    return NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_util_create_thread(run, mod, (size_t)params->id, "stack");
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
