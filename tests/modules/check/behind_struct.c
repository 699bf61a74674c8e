/* Writes behind its struct, as one that was compiled for a longer one does. */
#include "module.h"

MESIBO_EXPORT int mesibo_module_behind_struct_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mesibo_uint_t *words = (mesibo_uint_t *)mod;
    words[len / sizeof *words] = 1; /* HERE */
    return MESIBO_RESULT_OK;
}
