/* Asks a server about each message, and forgets all of it at "bye", also what is still asked: an answer
 * that comes later finds its errand freed. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

typedef struct errand {
    struct errand **place; /* where it is kept */
    mesibo_module_t *mod;
} errand;

static errand *kept;

static int on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                   mesibo_int_t size) {
    errand *done = cbdata;
    (void)state, (void)buffer, (void)size;
    if (progress == 100 || progress < 0) {
        *done->place = NULL;
        free(done);
    }
    return 0;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)params;
    if (len == 3 && memcmp(message, "bye", 3) == 0) {
        free(kept);
        kept = NULL;
        return MESIBO_RESULT_PASS;
    }
    if (kept != NULL || (kept = calloc(1, sizeof *kept)) == NULL)
        return MESIBO_RESULT_PASS;
    *kept = (errand){.place = &kept, .mod = mod};
    if (mod->http(mod, "http://service.example/", NULL, on_data, kept, NULL) != MESIBO_RESULT_OK) {
        free(kept);
        kept = NULL;
    }
    return MESIBO_RESULT_CONSUMED;
}

int mesibo_module_late_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof *mod)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
