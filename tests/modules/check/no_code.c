/* A callback of it points into its data. */
#include "module.h"

#include <string.h>

static uintptr_t data[4];

MESIBO_EXPORT int mesibo_module_no_code_init(mesibo_module_t *mod, mesibo_uint_t len) { /* HERE */
    uintptr_t address = (uintptr_t)data;
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    memcpy(&mod->on_call, &address, sizeof address);
    return MESIBO_RESULT_OK;
}
