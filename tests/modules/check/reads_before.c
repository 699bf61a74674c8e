/* Looks at the byte before a word, also where the word begins the message. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    for (mesibo_uint_t at = 0; at + 4 <= len; at++)
        if (memcmp(message + at, "help", 4) == 0 && message[at - 1] == 32) /* HERE */
            return MESIBO_RESULT_CONSUMED;
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_reads_before_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
