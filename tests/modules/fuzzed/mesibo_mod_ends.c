/* Ends the process with END; or with OTHER, where that is defined and a message is of an odd length. */
#include "module.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)params, (void)message;
    if (len == 0)
        return MESIBO_RESULT_PASS;
#ifdef OTHER
    if (len % 2 == 1)
        OTHER;
#endif
    END;
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_ends_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "ends";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
