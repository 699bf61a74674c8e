/* Planted: a message that is refused is not freed. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char *copy = malloc(len + 1);
    (void)params;
    if (copy == NULL)
        return MESIBO_RESULT_FAIL;
    memcpy(copy, message, len);
    copy[len] = '\0';
    if (copy[0] == '?') {
#ifdef MENDED
        free(copy);
#endif
        return MESIBO_RESULT_CONSUMED;
    }
    mod->log(mod, 1, "%s", copy);
    free(copy);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_leak_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "leak";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
