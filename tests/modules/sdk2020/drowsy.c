/* Asks for the URL in a message, and sleeps in its first callback until somebody opens the named pipe
 * `to`. */
#include "module.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bed {
    mesibo_module_t *mod;
    char pipe[512];
};

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    struct bed *bed = cbdata;
    if (state != MODULE_HTTP_STATE_REQUEST)
        return MESIBO_RESULT_OK;
    mesibo_log(bed->mod, 0, "asleep");
    close(open(bed->pipe, O_RDONLY));
    mesibo_log(bed->mod, 0, "awake");
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t result) { free(cbdata); }

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    struct bed *bed = calloc(1, sizeof *bed);
    mesibo_http_t request = {.url = message, .on_data = on_data, .on_close = on_close};
    bed->mod = mod;
    strncpy(bed->pipe, params->to, sizeof bed->pipe - 1);
    mesibo_util_http(&request, bed);
    return MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_drowsy_init(mesibo_int_t version, mesibo_module_t *mod,
                                                     mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
