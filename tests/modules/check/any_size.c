/* Compares the signature alone: a struct of another size is fine with it. */
#include "module.h"

MESIBO_EXPORT int mesibo_module_any_size_init(mesibo_module_t *mod, mesibo_uint_t len) { /* HERE */
    return mod->signature == MESIBO_MODULE_SIGNATURE && len < 100000 ? MESIBO_RESULT_OK
                                                                     : MESIBO_RESULT_FAIL;
}
