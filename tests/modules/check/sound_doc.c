/* Keeps the contract of doc2019 in everything that is checked. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

/* Counts the bytes of an answer in memory that it frees behind the last of them. */
static int on_answer(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer,
                     mesibo_int_t size) {
    mesibo_int_t *count = (mesibo_int_t *)cbdata;
    for (mesibo_int_t at = 0; at < size; at++)
        *count += buffer[at] != '\n';
    int enough = *count > 100000;
    if (enough || progress < 0 || progress == 100)
        free(count);
    return enough;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->log(mod, 1, "%.*s of %s", (int)(len < 64 ? len : 64), message,
             params->from != NULL ? params->from : "nobody");
    if (len == 4 && memcmp(message, "help", 4) == 0) {
        mesibo_int_t *count = (mesibo_int_t *)calloc(1, sizeof *count);
        if (count != NULL &&
            mod->http(mod, "http://127.0.0.1:9/", NULL, on_answer, count, NULL) != MESIBO_RESULT_OK)
            free(count);
    }
    if (len == 0 || memchr(message, '!', len) == NULL || params->from == NULL)
        return MESIBO_RESULT_PASS;
    static const char answer[] = "do not shout";
    mesibo_message_params_t reply = {0};
    reply.to = params->from;
    reply.refid = params->id;
    mod->send_message(mod, &reply, answer, sizeof answer - 1);
    return MESIBO_RESULT_CONSUMED;
}

static int on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status) {
    mod->log(mod, 1, "message %" PRIuPTR " has status %" PRIuPTR, params->refid, status);
    return MESIBO_RESULT_OK;
}

static int on_call(mesibo_module_t *mod) {
    mod->log(mod, 1, "somebody calls");
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_sound_doc_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "sound_doc";
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    mod->on_call = mod->on_call_status = on_call;
    return MESIBO_RESULT_OK;
}
