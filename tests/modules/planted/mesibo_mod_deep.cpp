// Planted: brackets are followed as deep as they go, and then the stack is at its end.
#include "module.h"

#include <cstddef>

namespace {
struct text {
    const char *at, *end;
};

std::size_t depth(text &from, std::size_t level) {
    volatile char kept[4096]; // what a real one keeps of each level
    kept[level % sizeof kept] = 1;
    std::size_t deepest = level;
    while (from.at < from.end && *from.at++ == '[') {
#ifdef MENDED
        if (level == 100)
            return level;
#endif
        std::size_t found = depth(from, level + 1);
        deepest = found > deepest ? found : deepest;
    }
    return deepest + kept[(level + 1) % sizeof kept] * 0;
}

mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *, char *message,
                        mesibo_uint_t len) {
    text from = {message, message + len};
    mesibo_log(mod, 1, "%d deep", static_cast<int>(depth(from, 0)));
    return MESIBO_RESULT_PASS;
}
} // namespace

MESIBO_EXPORT int mesibo_module_deep_init(mesibo_int_t version, mesibo_module_t *mod,
                                          mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
