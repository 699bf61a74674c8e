/* Planted: an address is copied into a buffer that longer ones do not fit in. */
#include "module.h"

#include <stdio.h>
#include <string.h>

static char last[48]; /* who wrote last */

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    (void)mod, (void)message, (void)len;
    if (params->from == NULL)
        return MESIBO_RESULT_PASS;
#ifdef MENDED
    snprintf(last, sizeof last, "%s", params->from);
#else
    strcpy(last, params->from);
#endif
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_long_address_init(mesibo_int_t version, mesibo_module_t *mod,
                                                  mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->description = "who wrote last";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
