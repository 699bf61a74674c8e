// The exact types, as C++ tells them apart.
#include <type_traits>

#define SAME(type, ...) static_assert(std::is_same<type, __VA_ARGS__>::value, #type)
#define TYPE(field, ...) SAME(decltype(mesibo_module_t::field), __VA_ARGS__)

typedef mesibo_module_t *mod_t;
typedef mesibo_message_params_t *params_t;

SAME(mesibo_int_t, intptr_t);
SAME(mesibo_uint_t, uintptr_t);
TYPE(version, uintptr_t);
TYPE(flags, uintptr_t);
TYPE(name, const char *);
TYPE(signature, uintptr_t);
SAME(decltype(mesibo_message_params_t::to), char *);
SAME(decltype(mesibo_message_params_t::from), char *);
static_assert(std::is_standard_layout<mesibo_module_t>::value, "mesibo_module_t");
static_assert(std::is_trivial<mesibo_message_params_t>::value, "mesibo_message_params_t");
