/* Has a function of its own under a name of the host's. */
#include "module.h"

int mesibo_answer(int question); /* as a header of its own would declare it */

__attribute__((noinline)) int mesibo_answer(int question) { return question + 42; } /* HERE */

MESIBO_EXPORT int mesibo_module_exported_host_name_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->flags = (mesibo_uint_t)mesibo_answer(0) & 0;
    return MESIBO_RESULT_OK;
}
