/* Copies each message, and forgets the copy where it is a short one. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char *copy = malloc(len + 1); /* HERE */
    if (copy == NULL)
        return MESIBO_RESULT_FAIL;
    if (len > 0)
        memcpy(copy, message, len);
    copy[len] = '\0';
    if (strlen(copy) < 5)
        return MESIBO_RESULT_PASS;
    mod->log(mod, 1, "%s", copy);
    free(copy);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_loses_memory_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
