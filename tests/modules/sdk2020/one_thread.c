/* Has a thread made for each message, which logs "on my own"; it keeps nothing for it. */
#include <module.h>

static void *run(void *mod) {
    mesibo_log(mod, 0, "on my own");
    return NULL;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    mesibo_util_create_thread(run, mod, 0, "mine");
    return MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_one_thread_init(mesibo_int_t version, mesibo_module_t *mod,
                                                         mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
