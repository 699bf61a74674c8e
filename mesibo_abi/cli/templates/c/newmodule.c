/* newmodule.c - a Mesibo module: answers "ping" with "pong", and lets every other message pass. */
#include "module.h"

#include <string.h>

static const char PING[] = "ping";
static const char PONG[] = "pong";

/* Only `len` says where the message ends: there need not be a NUL. */
static int is_ping(const char *message, mesibo_uint_t len) {
    return len == sizeof PING - 1 && memcmp(message, PING, len) == 0;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    if (!is_ping(message, len) || params->from == NULL)
        return MESIBO_RESULT_PASS; /* on to the next module, then to the recipient */

    mesibo_message_params_t answer;
    memset(&answer, 0, sizeof answer);
    answer.aid = params->aid;
    answer.refid = params->id;
    answer.to = params->from;
    answer.from = params->to;
    if (mod->send_message(mod, &answer, PONG, sizeof PONG - 1) != MESIBO_RESULT_OK)
        return MESIBO_RESULT_FAIL;
    mod->log(mod, 1, "answered %s\n", params->from);
    return MESIBO_RESULT_CONSUMED; /* the recipient does not get it */
}

static int cleanup(mesibo_module_t *mod) {
    mod->log(mod, 1, "that was newmodule\n");
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_newmodule_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL; /* a host of another revision */
    mod->name = "newmodule";
    mod->on_message = on_message;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
