/* What modules in the field do and should not: one thing a message, named by it. */
#include "revision.h"

static mesibo_int_t send(mesibo_module_t *mod, const char *text, mesibo_uint_t len) {
    mesibo_message_params_t *params = (mesibo_message_params_t *)calloc(1, sizeof *params);
    params->to = strdup("bob");
    mesibo_int_t result = mesibo_message(mod, params, text, len);
    memset(params->to, 'x', 3);
    free(params->to);
    memset(params, 0x55, sizeof *params);
    free(params);
    return result;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, message_text *message,
                      mesibo_uint_t len) {
    if (strcmp(message, "reuse") == 0) { /* the buffer is used for the next at once */
        char text[8] = "first";
        send(mod, text, 5);
        strcpy(text, "second");
        send(mod, text, 6);
    } else if (strcmp(message, "long") == 0) {
        mesibo_log(mod, 0, "refused: %d", (int)send(mod, "short", (mesibo_uint_t)1 << 40));
    } else if (strcmp(message, "negative") == 0) {
        mesibo_log(mod, 0, "refused: %d", (int)send(mod, "short", (mesibo_uint_t)-1));
    } else if (strcmp(message, "wild") == 0) {
        mesibo_log(mod, 0, "refused: %d",
                   (int)mesibo_message((mesibo_module_t *)params, params, "x", 1));
        mesibo_log(mod, 0, "refused: %d", (int)mesibo_message(NULL, params, "x", 1));
        mesibo_log(mod, 0, "refused: %d", (int)mesibo_log(NULL, 0, "nobody"));
        mesibo_log(mod, 0, "refused: %d", (int)mesibo_message(mod, NULL, "x", 1));
        mesibo_log(mod, 0, "refused: %d", (int)mesibo_message(mod, params, NULL, 1));
    } else if (strcmp(message, "overwrite") == 0) {
        mod->name = "another";
        mod->config = NULL;
        mesibo_log(mod, 0, "still %s", mesibo_util_getconfig(mod, "key"));
    }
    return MESIBO_RESULT_PASS;
}

typedef mesibo_int_t (*on_message_fn)(mesibo_module_t *, mesibo_message_params_t *, message_text *,
                                      mesibo_uint_t);

/* No on_cleanup, an int where the type says mesibo_int_t, and padding that is left as it was. */
#undef INIT
MESIBO_EXPORT int INIT_OF(MESIBO_MODULE)(mesibo_int_t version, mesibo_module_t *mod,
                                         mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = (on_message_fn)(void *)on_message;
    return MESIBO_RESULT_OK;
}
