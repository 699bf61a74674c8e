/* Makes a request in its init, and refuses all the same. */
#include "module.h"

static int on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                   mesibo_int_t size) {
    mesibo_module_t *mod = cbdata;
    return mod->log(mod, 0, "progress %d", (int)progress);
}

int mesibo_module_refuse_open_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->http(mod, "http://nowhere.invalid/", NULL, on_data, mod, NULL);
    return MESIBO_RESULT_FAIL;
}
