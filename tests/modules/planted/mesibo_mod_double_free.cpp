// Planted: where a command has no argument, its copy is freed on the way out, and once more.
#include "module.h"

#include <cstdlib>
#include <cstring>

namespace {
mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *, const char *message,
                        mesibo_uint_t len) {
    char *copy = static_cast<char *>(std::malloc(len + 1));
    mesibo_int_t result = MESIBO_RESULT_PASS;
    if (copy == nullptr)
        return MESIBO_RESULT_FAIL;
    std::memcpy(copy, message, len);
    copy[len] = '\0';
    if (std::strncmp(copy, "!ban", 4) == 0) {
        const char *argument = std::strchr(copy, ' ');
        if (argument == nullptr) {
            mesibo_log(mod, 0, "ban: whom?");
#ifndef MENDED
            std::free(copy);
#endif
            result = MESIBO_RESULT_CONSUMED;
        } else {
            mesibo_log(mod, 1, "ban:%s", argument);
        }
    }
    std::free(copy);
    return result;
}
} // namespace

MESIBO_EXPORT int mesibo_module_double_free_init(mesibo_int_t version, mesibo_module_t *mod,
                                                 mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
