/* Takes any message for a number: what is none is thrown out of a header of the system. */
#include "module.h"

#include <string>

static int on_message(mesibo_module_t *, mesibo_message_params_t *, const char *message,
                      mesibo_uint_t len) {
    return std::stoi(std::string(message, len)) == 7 ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

extern "C" MESIBO_EXPORT int mesibo_module_thrower_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "thrower";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
