/* Makes requests with options: with -DOCTOBER as the first header had them, without `synchronous`. The
 * word there is 1, whether it is the struct's or lies behind it. */
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
static struct {
    module_http_option_t options;
    mesibo_uint_t behind;
} given = {{{NULL}, {0}}, 1};
#define OPTIONS ((struct november_option_s *)&given.options)
#else
static module_http_option_t given;
#define OPTIONS (given.synchronous = 1, &given)
#endif

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    if (progress == 100)
        mesibo_log((mesibo_module_t *)cbdata, 0, "answered");
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
#ifdef THREAD
    if (params == NULL) /* never; the import is there */
        mesibo_util_create_thread(NULL, NULL, 0, NULL);
#endif
    mesibo_int_t result = mesibo_http(mod, message, NULL, on_data, mod, OPTIONS);
    mesibo_log(mod, 0, "asked");
    return result == MESIBO_RESULT_OK ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_options_init(mesibo_int_t version, mesibo_module_t *mod,
                                             mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
