// What both revisions of the SDK have.
#include "common.hpp"

static_assert(std::is_trivial<mesibo_user_t>::value, "mesibo_user_t");
static_assert(std::is_trivial<module_config_t>::value, "module_config_t");

TYPE(description, const char *);
TYPE(ctx, void *);
TYPE(config, module_config_t *);
TYPE(on_cleanup, intptr_t (*)(mod_t));
TYPE(on_call, intptr_t (*)(mod_t));
TYPE(on_call_status, intptr_t (*)(mod_t));
TYPE(on_login, intptr_t (*)(mod_t, mesibo_user_t *));
TYPE(reserved_0, uintptr_t);
TYPE(reserved_7, uintptr_t);
TYPE(invoke, intptr_t (*)(intptr_t, mod_t, ...));
SAME(decltype(mesibo_user_t::online), intptr_t);
SAME(decltype(module_config_item_t::name), char *);
SAME(decltype(module_config_item_t::value), char *);

SAME(decltype(mesibo_message), intptr_t(mod_t, params_t, const char *, uintptr_t));
SAME(decltype(mesibo_util_getconfig), char *(mod_t, const char *));
SAME(decltype(mesibo_util_create_thread), void(void *(*)(void *), void *, size_t, const char *));

// Not as the others: a template argument would lose the printf attribute, and g++ warns of that.
typedef intptr_t (*log_t)(mod_t, uintptr_t, const char *, ...);
static_assert(sizeof(static_cast<log_t>(mesibo_log)) == 8, "mesibo_log");
