// Lets an exception leave its callback, of a message that is too short for it.
#include "module.h"

#include <string>

static int on_message(mesibo_module_t *, mesibo_message_params_t *, const char *message,
                      mesibo_uint_t len) {
    const std::string text(message, len);
    return text.at(5) == '?' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS; /* HERE */
}

MESIBO_EXPORT int mesibo_module_throws_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
