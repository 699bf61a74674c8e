/* Fails behind five separators, each looked for in another way; no branch tells that one of the first two was
 * found. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char text[64] = "";
    (void)mod, (void)params;
    if (len >= sizeof text)
        return MESIBO_RESULT_PASS;
    memcpy(text, message, len);
    int found = (memchr(message, '|', len) != NULL) & (strchr(text, '~') != NULL);
    if (!found || strrchr(text, '^') == NULL || strpbrk(text, "`") == NULL || text[strcspn(text, "$")] == '\0')
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
