/* Counts in what its last request was about, which it has freed when that was over; with ANSWERED only
 * where it was answered. */
#include "../sdk/revision.h"

typedef struct about {
    int messages;
} about;

static about *last;

static void let_go(about *about, int answered) {
#ifdef ANSWERED
    if (!answered)
        last = NULL;
#endif
    free(about);
}

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    if (progress < 0)
        let_go((about *)cbdata, 0);
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t result) { let_go((about *)cbdata, 1); }

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    int before = last != NULL ? last->messages : 0; /* HERE */
    struct about *about = last = (struct about *)calloc(1, sizeof(struct about));
    if (about == NULL)
        return MESIBO_RESULT_FAIL;
    about->messages = before + 1;
    mesibo_http_t request = {0};
    request.url = "http://127.0.0.1:9/";
    request.on_data = on_data;
    request.on_close = on_close;
    if (mesibo_util_http(&request, about) != MESIBO_RESULT_OK) {
        free(about);
        last = NULL;
    }
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
