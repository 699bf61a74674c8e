// Planted: an item of the configuration is copied into a buffer that longer ones do not fit in.
#include "module.h"

#include <cstdio>
#include <cstring>

namespace {
char prefix[32] = "> ";

mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                        mesibo_uint_t len) {
    mesibo_message_params_t answer = *params;
    char text[256];
    int size = std::snprintf(text, sizeof text, "%s%.*s", prefix, len < 100 ? (int)len : 100, message);
    answer.to = params->from;
    answer.from = params->to;
    mesibo_message(mod, &answer, text, static_cast<mesibo_uint_t>(size));
    return MESIBO_RESULT_PASS;
}
} // namespace

MESIBO_EXPORT int mesibo_module_long_item_init(mesibo_int_t version, mesibo_module_t *mod,
                                               mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    const char *given = mesibo_util_getconfig(mod, "prefix");
    if (given != nullptr) {
#ifdef MENDED
        std::snprintf(prefix, sizeof prefix, "%s", given);
#else
        std::strcpy(prefix, given);
#endif
    }
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
