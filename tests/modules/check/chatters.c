/* Says the same again and again, and returns what is no code. */
#include <stdio.h>
#include "../sdk/revision.h"

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_log(mod, 1, "logged");
    for (int i = 0; i < 3; i++) {
        mesibo_log(mod, 1, "again");
        fprintf(stderr, "printed\n");
    }
    return 77;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
