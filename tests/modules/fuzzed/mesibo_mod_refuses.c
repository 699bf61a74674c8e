/* An init that refuses whatever it is given. */
#include "module.h"

#include <stddef.h>

MESIBO_EXPORT int mesibo_module_refuses_init(mesibo_int_t version, mesibo_module_t *mod,
                                             mesibo_uint_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    return MESIBO_RESULT_FAIL;
}
