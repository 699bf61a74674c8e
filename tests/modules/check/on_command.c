/* Keeps the contract but with a command: then it does what BREAK says. */
#include "module.h"

#include <alloca.h>
#include <stdlib.h>
#include <string.h>

static const char command[] = "/weather ";
static const char *kept;
static int kinds[4] = {1, 2, 3, 4};

static int act(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
               mesibo_uint_t len) {
    char *copy;
    (void)mod;
    switch (BREAK) {
    case 'n': return strlen(message) == len;
    case 'h':
        copy = memcpy(alloca(len), message, len);
        return *(volatile char *)copy == 'x';
    case 'c': *(char *)message = '!'; return MESIBO_RESULT_PASS;
    case 'r': return 42;
    case 't': return params->to[0] == 'x' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
    case 'x': return kinds[params->expiry] == 7;
    case 'k':
        copy = (char *)kept;
        kept = message;
        return copy != NULL && *copy == 'x';
    }
    return MESIBO_RESULT_PASS;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    if (len >= sizeof command - 1 && memcmp(message, command, sizeof command - 1) == 0)
        return act(mod, params, message, len);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_on_command_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
