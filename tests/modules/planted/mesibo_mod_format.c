/* Planted: a line to log has the message in its format. */
#include "module.h"

#include <stdio.h>

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    char line[100];
    (void)params;
    snprintf(line, sizeof line, "got: %.*s", len < 80 ? (int)len : 80, message);
#ifdef MENDED
    mesibo_log(mod, 1, "%s", line);
#else
    mesibo_log(mod, 1, line);
#endif
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_format_init(mesibo_int_t version, mesibo_module_t *mod,
                                            mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
