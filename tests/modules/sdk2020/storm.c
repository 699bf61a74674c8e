/* Asks for the URL in a message `id` times, from eight threads, and counts how each request ends; its
 * cleanup logs the counts. */
#include "module.h"

#include <stdatomic.h>
#include <string.h>

enum { THREADS = 8, MOST = 10000 };

static char url[512];
static mesibo_uint_t wanted;
static _Atomic mesibo_uint_t next_number, accepted, threads;
static _Atomic int ends[MOST];

static void end(void *cbdata) { ++*(_Atomic int *)cbdata; }

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    if (progress < 0)
        end(cbdata);
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t result) { end(cbdata); }

static void *run(void *data) {
    mesibo_uint_t number;
    while ((number = next_number++) < wanted) {
        mesibo_http_t request = {.url = url, .on_data = on_data, .on_close = on_close};
        accepted += mesibo_util_http(&request, &ends[number]) == MESIBO_RESULT_OK;
    }
    threads--;
    return NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    memcpy(url, message, len < sizeof url ? len : 0);
    wanted = params->id < MOST ? params->id : MOST;
    threads = THREADS;
    for (int i = 0; i < THREADS; i++)
        mesibo_util_create_thread(run, NULL, 0, "storm");
    return MESIBO_RESULT_CONSUMED;
}

/* What its threads still ask for is refused, the module is being closed: they end soon. */
static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    unsigned long once = 0, more = 0;
    while (threads > 0)
        ;
    for (int i = 0; i < MOST; i++) {
        once += ends[i] == 1;
        more += ends[i] > 1;
    }
    mesibo_log(mod, 0, "%lu accepted, %lu ended, %lu more than once", (unsigned long)accepted, once,
               more);
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_storm_init(mesibo_int_t version, mesibo_module_t *mod,
                                                    mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
