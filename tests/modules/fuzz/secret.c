/* Breaks at one word, of its own or of its configuration, and nothing else. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static const char *word = "open sesame";

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    (void)mod, (void)params;
    if (len == strlen(word) && memcmp(message, word, len) == 0)
        abort();
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_secret_init(mesibo_int_t version, mesibo_module_t *mod,
                                            mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    const char *other = mesibo_util_getconfig(mod, "word");
    if (other != NULL && strlen(other) > 64)
        return MESIBO_RESULT_FAIL;
    word = other != NULL ? other : word;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
