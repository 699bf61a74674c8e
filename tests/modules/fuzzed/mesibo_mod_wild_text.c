/* Has libc read a text where there is nothing: in on_message, or with IN_INIT there. */
#include "module.h"

#include <string.h>

static size_t wild(mesibo_uint_t len) { return strlen((const char *)(0x5000000 + len)); }

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)params, (void)message;
    return len > 3 && wild(len) > 0 ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_wild_text_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
#ifdef IN_INIT
    if (wild(len) > 0)
        return MESIBO_RESULT_FAIL;
#endif
    mod->name = "wild_text";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
