/* Its entry point has a C++ name: no MESIBO_EXPORT, and no MESIBO_MODULE to declare it by. */
#undef MESIBO_MODULE
#include "module.h"

int mesibo_module_mangled_init(mesibo_module_t *mod, mesibo_uint_t len) { /* HERE */
    return sizeof(*mod) == len ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
