/* Cuts its items up with strtok in init, and shows what is left of them in every message and last. */
#include "revision.h"

static int loads; /* shared by all loads of the library */

static void show(mesibo_module_t *mod, const char *when) {
    for (int i = 0; i < (int)mod->config->count; i++) {
        module_config_item_t *item = &mod->config->items[i];
        mesibo_log(mod, 0, "%s %d: %s = %s", when, i, item->name, item->value);
        if (mesibo_util_getconfig(mod, item->name) != item->value)
            mesibo_log(mod, 0, "getconfig says another");
    }
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    show(mod, "message");
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    show(mod, "cleanup");
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mesibo_log(mod, 0, "load %d", ++loads);
    mesibo_log(mod, 0, "missing: %s", mesibo_util_getconfig(mod, "missing") == NULL ? "NULL" : "?");
    mesibo_log(mod, 0, "NULL: %s", mesibo_util_getconfig(mod, NULL) == NULL ? "NULL" : "?");
    if (mod->config == NULL)
        return MESIBO_RESULT_OK;
    show(mod, "init");
    for (char *word = strtok(mesibo_util_getconfig(mod, "words"), ","); word != NULL;
         word = strtok(NULL, ","))
        mesibo_log(mod, 0, "word %s", word);
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
