/* Throws what nobody catches: std::runtime_error, or where the message is "own" a class of its own; with
 * -DINIT that in its init. */
#include "module.h"

#include <cstring>
#include <stdexcept>

namespace shop {
struct sold_out {};
} // namespace shop

static int on_message(mesibo_module_t *, mesibo_message_params_t *, const char *message,
                      mesibo_uint_t) {
    if (std::strcmp(message, "own") == 0)
        throw shop::sold_out();
    throw std::runtime_error("nobody catches this");
}

MESIBO_EXPORT int mesibo_module_throws_init(mesibo_module_t *mod, mesibo_uint_t) {
    mod->on_message = on_message;
#ifdef INIT
    throw shop::sold_out();
#endif
    return MESIBO_RESULT_OK;
}
