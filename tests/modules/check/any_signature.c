/* Compares the size alone: any signature is fine with it. */
#include "module.h"

MESIBO_EXPORT int mesibo_module_any_signature_init(mesibo_module_t *mod, /* HERE */
                                                   mesibo_uint_t len) {
    return sizeof(*mod) == len ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
