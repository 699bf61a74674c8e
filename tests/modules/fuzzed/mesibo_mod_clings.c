/* It looks at what it was lent after it has given that back: where there was a message before, at that. And its
 * cleanup, where a message said so, at what is none. */
#include "module.h"

#include <stdlib.h>

static const char *before;
static char *sulking;
static volatile char seen;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)params;
    if (before != NULL)
        seen = before[0];
    if (len > 0 && message[0] == 'k')
        before = message;
    if (len > 0 && message[0] == 's' && sulking == NULL)
        sulking = malloc(4);
    return MESIBO_RESULT_PASS;
}

static int cleanup(mesibo_module_t *mod) {
    (void)mod;
    if (sulking != NULL)
        sulking[4] = 's';
    free(sulking);
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_clings_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "clings";
    mod->on_message = on_message;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
