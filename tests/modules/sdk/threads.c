/* A thread that the host makes for each message; it waits `type` milliseconds, or with UNTIL_CLEANUP for
   that, then sends. */
#ifndef _GNU_SOURCE /* g++ says so itself */
#define _GNU_SOURCE
#endif
#include "revision.h"

#include <pthread.h>
#include <unistd.h>

enum { UNTIL_CLEANUP = 1000000 };

static int cleaned;

typedef struct order {
    mesibo_module_t *mod;
    unsigned wait;
    char text[64];
} order;

static void *run(void *data) {
    order *given = (order *)data;
    char name[16], json[] = "{\"key\": \"extracted\"}", *next;
    mesibo_message_params_t params;
    if (given->wait == UNTIL_CLEANUP)
        while (!__atomic_load_n(&cleaned, __ATOMIC_ACQUIRE))
            usleep(1000);
    else
        usleep(1000 * given->wait);
    pthread_getname_np(pthread_self(), name, sizeof name);
    memset(&params, 0, sizeof params);
    params.to = name;
#if REVISION == 2019
    params.from = mesibo_util_json_extract(json, "key", &next);
#else
    params.from = mesibo_util_json_extract(json, sizeof json - 1, "key", &next);
#endif
    mesibo_message(given->mod, &params, given->text, strlen(given->text));
    mesibo_log(given->mod, 0, "thread of %s", given->text);
    free(given);
    return NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    order *given = (order *)calloc(1, sizeof *given);
    given->mod = mod;
    given->wait = (unsigned)params->type;
    memcpy(given->text, message, len < sizeof given->text ? len : sizeof given->text - 1);
    mesibo_util_create_thread(run, given, (size_t)params->id, params->to);
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    mesibo_log(mod, 0, "cleanup");
    __atomic_store_n(&cleaned, 1, __ATOMIC_RELEASE);
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    __atomic_store_n(&cleaned, 0, __ATOMIC_RELEASE); /* it may have stayed mapped, from another test */
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
