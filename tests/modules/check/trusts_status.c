/* Has a table by the status of a message. */
#include "module.h"

static const int kinds[4] = {0, 0, 1, 1};

static int on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status) {
    return kinds[status] == 42; /* HERE */
}

MESIBO_EXPORT int mesibo_module_trusts_status_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message_status = on_message_status;
    return MESIBO_RESULT_OK;
}
