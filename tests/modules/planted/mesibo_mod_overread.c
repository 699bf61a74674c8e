/* Planted: it looks for a NUL behind the message, where none need be. */
#define _GNU_SOURCE
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)params, (void)len;
#ifdef MENDED
    const char *found = memmem(message, len, "spam", 4);
#else
    const char *found = strstr(message, "spam");
#endif
    return found != NULL ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_overread_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "overread";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
