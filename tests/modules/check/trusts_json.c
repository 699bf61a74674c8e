/* Looks for the end of a text in JSON, which was cut before it. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static char *text_of(char *json) {
    char *text = strstr(json, "\"text\": \""), *end;
    if (text == NULL)
        return NULL;
    end = strchr(text + 9, '"');
    *end = 0; /* HERE */
    return text + 9;
}

static int on_answer(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                     mesibo_int_t size) {
    mesibo_module_t *mod = (mesibo_module_t *)cbdata;
    char *copy, *text;
    if (progress != 100 || size > 1000000 || (copy = (char *)calloc(1, (size_t)size + 1)) == NULL)
        return MESIBO_RESULT_OK;
    memcpy(copy, buffer, (size_t)size);
    text = text_of(copy);
    mod->log(mod, 1, "%s", text != NULL ? text : "no text");
    free(copy);
    return MESIBO_RESULT_OK;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->http(mod, "http://127.0.0.1:9/", NULL, on_answer, mod, NULL);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_trusts_json_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
