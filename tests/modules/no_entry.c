/* Has no entry point. */
#include "module.h"

int filter_init(mesibo_module_t *mod, mesibo_uint_t len) { return MESIBO_RESULT_OK; }
