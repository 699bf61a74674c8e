// The same offsets and sizes as C++ sees them, and the exact types of the functions.
#include "doc2019.c"

#include "common.hpp"

static_assert(std::is_trivial<module_http_option_t>::value, "module_http_option_t");

SAME(mesibo_module_init_fn, int (*)(mod_t, uintptr_t));
SAME(mesibo_module_http_data_callback_t, int (*)(void *, intptr_t, intptr_t, const char *, intptr_t));
TYPE(cleanup, int (*)(mod_t));
TYPE(on_message, int (*)(mod_t, params_t, const char *, uintptr_t));
TYPE(on_message_status, int (*)(mod_t, params_t, uintptr_t));
TYPE(on_call, int (*)(mod_t));
TYPE(on_call_status, int (*)(mod_t));
TYPE(send_message, int (*)(mod_t, params_t, const char *, uintptr_t));
TYPE(http, int (*)(mod_t, const char *, const char *, mesibo_module_http_data_callback_t, void *,
                   module_http_option_t *));

// Not as the others: a template argument would lose the printf attribute, and g++ warns of that.
typedef int (*mesibo_module_t::*log_t)(mod_t, uintptr_t, const char *, ...);
static_assert(sizeof(static_cast<log_t>(&mesibo_module_t::log)) == 8, "log");
