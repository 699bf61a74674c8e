/* Fails behind five separators, each looked for in another way. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char text[64];
    (void)mod, (void)params;
    if (len >= sizeof text || memchr(message, '|', len) == NULL)
        return MESIBO_RESULT_PASS;
    memcpy(text, message, len);
    text[len] = '\0';
    if (strchr(text, '~') == NULL || strrchr(text, '^') == NULL || strpbrk(text, "`") == NULL)
        return MESIBO_RESULT_PASS;
    if (text[strcspn(text, "$")] == '\0')
        return MESIBO_RESULT_PASS;
    return *(volatile char *)NULL;
}

MESIBO_EXPORT int mesibo_module_separated_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "separated";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
