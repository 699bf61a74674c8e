/* Refuses where its last item is not there, and aborts at a message where it is. */
#include "module.h"

#include <stdlib.h>

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    (void)mod, (void)params, (void)message;
    if (len > 3)
        abort();
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_configured_init(mesibo_int_t version, mesibo_module_t *mod,
                                                mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    if (mesibo_util_getconfig(mod, "last") == NULL)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
