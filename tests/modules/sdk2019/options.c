/* Makes requests with options: with -DOCTOBER as the first header had them, without `synchronous`. */
#ifdef OCTOBER
#define module_http_option_t november_option_t
#define _module_http_option_t november_option_s
#endif
#include <module.h>
#ifdef OCTOBER
#undef module_http_option_t
#undef _module_http_option_t
typedef struct _module_http_option_t {
    const char *texts[11];
    mesibo_uint_t numbers[7];
} module_http_option_t;
#endif

static module_http_option_t options;
#ifdef OCTOBER
#define OPTIONS (november_option_t *)&options
#else
#define OPTIONS &options
#endif

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
#ifdef THREAD
    mesibo_util_create_thread(NULL, NULL, 0, NULL);
#endif
    return mesibo_http(mod, message, NULL, NULL, NULL, OPTIONS) == 0
               ? MESIBO_RESULT_CONSUMED
               : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_options_init(mesibo_int_t version, mesibo_module_t *mod,
                                             mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
