/* Copies each message to an array on its stack, however long it is. */
#include "module.h"

#include <alloca.h>
#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char *copy = alloca(len + 1);
    memcpy(copy, message, len);
    copy[len] = '\0';
    mod->log(mod, 0, "%s", copy);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_array_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return len == sizeof(*mod) ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
