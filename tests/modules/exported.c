/* Exports a function that sends, for whoever opens the library by other means. */
#include "module.h"

static mesibo_module_t *self;

int exported_send(void);
int exported_send(void) {
    mesibo_message_params_t params = {.to = (char[]){"bob"}};
    return self->send_message(self, &params, "exported", 8);
}

int mesibo_module_exported_init(mesibo_module_t *mod, mesibo_uint_t len) {
    self = mod;
    return MESIBO_RESULT_OK;
}
