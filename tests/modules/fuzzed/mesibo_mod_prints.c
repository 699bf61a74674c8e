/* Reads more of a message than it has, or one that is over, by a precision: where its first byte says so. */
#include "module.h"

#include <stdio.h>

static const char *kept;

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    char line[256];
    (void)params;
    if (len == 0)
        return MESIBO_RESULT_PASS;
    switch (message[0]) {
    case 'e': mesibo_log(mod, 0, "%5d %-3s %.*s, %.2f", 7, "of", (int)len, message, 0.5); break;
    case 'l': mesibo_log(mod, 0, "%ld %c %.*s", 7L, 'x', (int)len + 1, message); break;
    case 's': snprintf(line, sizeof line, "%zu %.*s", sizeof line, (int)len + 1, message); break;
    case 'k': kept = message; break;
    case 'o': mesibo_log(mod, 0, "%p %Lf %.*s", (void *)mod, 1.0L, 1, kept != NULL ? kept : "-"); break;
    default: break;
    }
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_prints_init(mesibo_int_t version, mesibo_module_t *mod,
                                                     mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
