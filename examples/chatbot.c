/* chatbot.c - answers whoever writes to the address "chatbot".
 *
 * Its messages have no other recipient, so they end here. What became of its answers is told to
 * on_message_status. */
#include "module.h"

#include <string.h>
#include <strings.h>

static const char NAME[] = "chatbot";

static const struct {
    const char *keyword, *answer;
} RULES[] = {
    {"hello", "Hello! Ask me for help, or tell me a joke."},
    {"help", "I know the words hello, help and joke."},
    {"joke", "A module walks into a chain. CONSUMED."},
};
static const char NO_RULE[] = "I did not get that. Ask me for help.";

/* strcasestr for a text that need not end in a NUL. */
static int contains(const char *text, mesibo_uint_t len, const char *keyword) {
    mesibo_uint_t size = strlen(keyword);
    for (mesibo_uint_t at = 0; at + size <= len; at++)
        if (strncasecmp(text + at, keyword, size) == 0)
            return 1;
    return 0;
}

static const char *answer_to(const char *text, mesibo_uint_t len) {
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++)
        if (contains(text, len, RULES[i].keyword))
            return RULES[i].answer;
    return NO_RULE;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    if (params->to == NULL || strcmp(params->to, NAME) != 0)
        return MESIBO_RESULT_PASS;
    if (params->from == NULL)
        return MESIBO_RESULT_CONSUMED; /* for us, but there is nobody to answer */

    const char *answer = answer_to(message, len);
    mesibo_message_params_t reply = {0}; /* on the stack: the host copies what it keeps */
    reply.aid = params->aid;
    reply.refid = params->id;
    reply.expiry = params->expiry;
    reply.to = params->from;
    reply.from = params->to;
    if (mod->send_message(mod, &reply, answer, strlen(answer)) != MESIBO_RESULT_OK)
        return MESIBO_RESULT_FAIL; /* the host has logged why */
    return MESIBO_RESULT_CONSUMED;
}

static int on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status) {
    mod->log(mod, 1, "the answer to message %" PRIuPTR " has status %" PRIuPTR "\n", params->refid,
             status);
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_chatbot_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = NAME;
    mod->on_message = on_message;
    mod->on_message_status = on_message_status;
    return MESIBO_RESULT_OK;
}
