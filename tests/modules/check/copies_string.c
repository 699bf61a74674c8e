/* Finds a word, and looks for it once more in a copy that ends at the first NUL. */
#define _GNU_SOURCE
#include "module.h"

#include <stdlib.h>
#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    if (len == 0 || memmem(message, len, "there", 5) == NULL)
        return MESIBO_RESULT_PASS;
    char *copy = strndup(message, len);
    if (copy == NULL)
        return MESIBO_RESULT_FAIL;
    char first = *strstr(copy, "there"); /* HERE */
    free(copy);
    return first == 0;
}

MESIBO_EXPORT int mesibo_module_copies_string_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
