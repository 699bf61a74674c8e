// The same offsets and sizes as C++ sees them, and the exact types of the functions.
#include "sdk2020.c"

#include "sdk.hpp"

static_assert(std::is_trivial<mesibo_http_t>::value, "mesibo_http_t");
static_assert(std::is_trivial<mesibo_fcgi_t>::value, "mesibo_fcgi_t");
static_assert(std::is_trivial<mesibo_socket_t>::value, "mesibo_socket_t");

SAME(mesibo_module_init_fn, intptr_t (*)(intptr_t, mod_t, intptr_t));
TYPE(on_message, intptr_t (*)(mod_t, params_t, char *, uintptr_t));
TYPE(on_message_status, intptr_t (*)(mod_t, params_t));
TYPE(on_config, intptr_t (*)(mod_t, uintptr_t, void *));
TYPE(custom_fns, void *);
SAME(decltype(module_config_t::count), intptr_t);

SAME(mesibo_http_ondata_t, intptr_t (*)(void *, intptr_t, intptr_t, const char *, intptr_t));
SAME(mesibo_http_onstatus_t, intptr_t (*)(void *, intptr_t, const char *));
SAME(mesibo_http_onclose_t, void (*)(void *, intptr_t));
SAME(mesibo_fcgi_ondata_t, intptr_t (*)(void *, intptr_t, const char *, intptr_t));
SAME(mesibo_socket_onconnect_t, void (*)(void *, intptr_t, intptr_t));
SAME(mesibo_socket_onwrite_t, void (*)(void *));
SAME(mesibo_socket_ondata_t, intptr_t (*)(void *, const char *, intptr_t));
SAME(mesibo_socket_onclose_t, void (*)(void *, intptr_t));

SAME(decltype(mesibo_util_http), intptr_t(mesibo_http_t *, void *));
SAME(decltype(mesibo_util_fcgi),
     intptr_t(mesibo_fcgi_t *, const char *, intptr_t, intptr_t, mesibo_fcgi_ondata_t, void *));
SAME(decltype(mesibo_util_socket_connect), intptr_t(mesibo_socket_t *, void *));
SAME(decltype(mesibo_util_socket_write), intptr_t(intptr_t, const char *, intptr_t));
SAME(decltype(mesibo_util_socket_close), void(intptr_t));
SAME(decltype(mesibo_util_json_extract), char *(char *, intptr_t, const char *, char **));
SAME(decltype(mesibo_util_usec), intptr_t());

// As mesibo_log.
typedef intptr_t (*vlog_t)(mod_t, uintptr_t, const char *, va_list);
static_assert(sizeof(static_cast<vlog_t>(mesibo_vlog)) == 8, "mesibo_vlog");
