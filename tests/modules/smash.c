/* Copies each message to an array on its stack, however long it is: with COPY by a loop, else by memcpy. */
#include "module.h"

#include <string.h>

__attribute__((noinline)) static int copy(const char *message, mesibo_uint_t len) {
    char room[16];
    char *volatile to = room;
#ifdef COPY
    for (mesibo_uint_t i = 0; i < len; i++)
        ((volatile char *)to)[i] = message[i];
#else
    memcpy(to, message, len);
#endif
    return room[0] == '?';
} /* END */

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) { /* CALLBACK */
    return copy(message, len) ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_smash_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
