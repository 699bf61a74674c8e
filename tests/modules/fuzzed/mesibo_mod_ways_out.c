/* Ways to end a process, or not to: by what the message begins with. */
#include "module.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    char copy[16] = "";
    (void)params;
    memcpy(copy, message, len < 15 ? len : 15);
    if (strcmp(copy, "exit") == 0)
        exit(3);
    if (strcmp(copy, "_exit") == 0)
        _exit(0);
    if (strcmp(copy, "abort") == 0)
        abort();
    if (strcmp(copy, "hang") == 0)
        for (;;)
            usleep(1000);
    if (strcmp(copy, "struct") == 0)
        ((char *)mod)[sizeof *mod] = 1;
    if (strcmp(copy, "send") == 0)
        mesibo_message(mod, params, message, 100);
    if (strcmp(copy, "kill") == 0)
        raise(9);
    if (strcmp(copy, "stop") == 0)
        raise(SIGSTOP);
    return strcmp(copy, "code") == 0 ? 7 : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_ways_out_init(mesibo_int_t version, mesibo_module_t *mod,
                                              mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
