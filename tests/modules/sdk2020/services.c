/* The host functions that sdk2020 alone has and that need no network. */
#include <module.h>
#include <unistd.h>

static mesibo_int_t say(mesibo_module_t *mod, mesibo_uint_t level, const char *format, ...) {
    va_list args;
    va_start(args, format);
    mesibo_int_t result = mesibo_vlog(mod, level, format, args);
    va_end(args);
    return result;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    mesibo_int_t start = mesibo_util_usec();
    usleep(2000);
    mesibo_int_t passed = mesibo_util_usec() - start;
    say(mod, 0, "%s %.2f %" PRIdPTR "\n", "vlog", 1.25, (mesibo_int_t)-7);
    say(mod, 9, "suppressed");
    say(mod, 0, "%d", passed >= 2000 && passed < 1000000);
    say(mod, 0, "%d", (int)say(mod, 0, "kept"));
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_services_init(mesibo_int_t version, mesibo_module_t *mod,
                                                       mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
