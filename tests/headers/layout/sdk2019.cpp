// The same offsets and sizes as C++ sees them, and the exact types of the functions.
#include "sdk2019.c"

#include "sdk.hpp"

static_assert(std::is_trivial<module_http_option_t>::value, "module_http_option_t");

SAME(mesibo_module_init_fn, int (*)(intptr_t, mod_t, intptr_t));
SAME(mesibo_module_http_data_callback_t,
     intptr_t (*)(void *, intptr_t, intptr_t, const char *, intptr_t));
TYPE(on_message, intptr_t (*)(mod_t, params_t, const char *, uintptr_t));
TYPE(on_message_status, intptr_t (*)(mod_t, params_t, uintptr_t));
SAME(decltype(module_config_t::count), int);

SAME(decltype(mesibo_http),
     intptr_t(mod_t, const char *, const char *, mesibo_module_http_data_callback_t, void *,
              module_http_option_t *));
SAME(decltype(mesibo_util_json_extract), char *(char *, const char *, char **));
