/* Makes a request in its init, which takes another 300 milliseconds then. */
#define _DEFAULT_SOURCE
#include "module.h"

#include <unistd.h>

static int on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                   mesibo_int_t size) {
    mesibo_module_t *mod = cbdata;
    if (progress == 100 || progress < 0)
        mod->log(mod, 0, "progress %d", (int)progress);
    return 0;
}

int mesibo_module_early_init(mesibo_module_t *mod, mesibo_uint_t len) {
    int result = mod->http(mod, URL, NULL, on_data, mod, NULL);
    usleep(300000);
    return result;
}
