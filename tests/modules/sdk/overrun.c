/* Writes behind its struct: in init, or when told to (MESSAGE). */
#include "revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    ((uintptr_t *)(mod + 1))[0] = 0x1111;
    return MESIBO_RESULT_PASS;
}

INIT {
#ifndef MESSAGE
    ((uintptr_t *)(mod + 1))[0] = 0x1111;
#endif
    mod->on_message = on_message;
    return mesibo_util_getconfig(mod, "") == NULL ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
