/* Overwrites what the message names: a word of its struct, or one behind it. INIT: in init. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static void overwrite(mesibo_module_t *mod, const char *what) {
    static const uintptr_t wrong = 0x1111111111111111;
    if (strcmp(what, "version") == 0)
        mod->version = 2;
    if (strcmp(what, "signature") == 0)
        mod->signature = wrong;
    if (strcmp(what, "send_message") == 0)
        memcpy(&mod->send_message, &wrong, sizeof wrong);
    if (strcmp(what, "http") == 0)
        memcpy(&mod->http, &wrong, sizeof wrong);
    if (strcmp(what, "log") == 0)
        memcpy(&mod->log, &wrong, sizeof wrong);
    if (strncmp(what, "behind", 6) == 0) /* and how far */
        *(volatile uintptr_t *)((uintptr_t)mod + sizeof *mod + strtoul(what + 6, NULL, 10)) = wrong;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    overwrite(mod, message);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_overwrite_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
#ifdef INIT
    overwrite(mod, INIT);
#endif
    return MESIBO_RESULT_OK;
}
