/* Has a function of its own that other modules may have as well.  */
#include "module.h"

int answer(int question); /* as a header of its own would declare it */

__attribute__((noinline)) int answer(int question) { return question + 42; } /* HERE */

MESIBO_EXPORT int mesibo_module_exported_name_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->flags = (mesibo_uint_t)answer(0) & 0;
    return MESIBO_RESULT_OK;
}
