/* Loads, and wants no events. */
#include "module.h"

MESIBO_EXPORT int mesibo_module_minimal_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "minimal";
    return MESIBO_RESULT_OK;
}
