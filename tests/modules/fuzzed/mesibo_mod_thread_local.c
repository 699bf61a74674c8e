/* What it counts for each thread is not restored between cases: alone, none comes so far as to abort. And a
 * bug that is there in any case. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local long inits;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char small[4];
    (void)mod, (void)params;
    if (len <= sizeof small || len > 100)
        return MESIBO_RESULT_PASS;
    memcpy(small, message, len);
    return small[0] == 's' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_thread_local_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    if (++inits > 100) /* more than there may be in one case */
        abort();
    mod->name = "thread_local";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
