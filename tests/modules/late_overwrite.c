/* Overwrites its signature in the callback of a request, or with -DCLEANUP in its cleanup. */
#include "module.h"

static mesibo_module_t *self;

static int on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                   mesibo_int_t size) {
    self->signature = 1;
    return 0;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    if (len > 0)
        mod->http(mod, message, NULL, on_data, NULL, NULL);
    return MESIBO_RESULT_PASS;
}

static int cleanup(mesibo_module_t *mod) {
#ifdef CLEANUP
    mod->signature = 2;
#endif
    return 0;
}

int mesibo_module_late_overwrite_init(mesibo_module_t *mod, mesibo_uint_t len) {
    self = mod;
    mod->on_message = on_message;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
