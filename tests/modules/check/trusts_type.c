/* Has a table by the type of a message. */
#include "module.h"

static const int kinds[] = {0, 0, 1, 1};

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    return kinds[params->type] == 42; /* HERE */
}

MESIBO_EXPORT int mesibo_module_trusts_type_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
