/* No bug: what it keeps from case to case it gets anew after each restoration of its data, so that there is
 * always something that is not freed in the end, and it is no leak. */
#include "module.h"

#include <stdlib.h>

static char *kept;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)params, (void)message;
    if (kept == NULL)
        kept = calloc(1, len + 1);
    return kept != NULL ? MESIBO_RESULT_PASS : MESIBO_RESULT_FAIL;
}

MESIBO_EXPORT int mesibo_module_keeps_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "keeps";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
