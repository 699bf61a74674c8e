/* Frees its struct, which is the host's. */
#include "module.h"

#include <stdlib.h>

static int cleanup(mesibo_module_t *mod) {
    free(mod); /* HERE */
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_frees_struct_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
