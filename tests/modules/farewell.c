/* Logs and sends in its cleanup, and logs in its destructor. */
#include "module.h"

static mesibo_module_t *self;

static int cleanup(mesibo_module_t *mod) {
    mesibo_message_params_t params = {.to = (char[]){"bob"}};
    mod->log(mod, 0, "cleanup");
    mod->send_message(mod, &params, "bye", 3);
    mod->log(mod, 0, "http in cleanup: %d", mod->http(mod, "http://127.0.0.1:1", NULL, NULL, NULL,
                                                       NULL));
    return MESIBO_RESULT_OK;
}

__attribute__((destructor)) static void last(void) {
    if (self != NULL)
        self->log(self, 0, "destructor");
}

int mesibo_module_farewell_init(mesibo_module_t *mod, mesibo_uint_t len) {
    self = mod;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
