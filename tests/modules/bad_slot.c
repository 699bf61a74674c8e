/* Its on_call points into its data. */
#include "module.h"

#include <string.h>

static uintptr_t no_code[4];

int mesibo_module_bad_slot_init(mesibo_module_t *mod, mesibo_uint_t len) {
    uintptr_t address = (uintptr_t)no_code;
    memcpy(&mod->on_call, &address, sizeof address);
    return MESIBO_RESULT_OK;
}
