/* Has two entry points, and the file is named after neither. */
#include "module.h"

MESIBO_EXPORT int mesibo_module_left_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->name = "left";
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_right_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->name = "right";
    return MESIBO_RESULT_OK;
}
