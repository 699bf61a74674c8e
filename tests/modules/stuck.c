/* Never comes back from a message that is not empty, nor, with -DSTUCK_INIT, from its init. Prints. */
#define _DEFAULT_SOURCE
#include "module.h"

#include <stdio.h>
#include <unistd.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    printf("printed by C\n");
    while (len > 0)
        pause();
    return MESIBO_RESULT_PASS;
}

int mesibo_module_stuck_init(mesibo_module_t *mod, mesibo_uint_t len) {
#ifdef STUCK_INIT
    for (;;)
        pause();
#endif
    printf("printed by init\n");
    mod->on_message = on_message;
    return len == sizeof(*mod) ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
