/* Logs its item-less life: in its init which process it is, and with -DTIMES=n ends the process in each
 * n-th message. With -DONCE="file" its init refuses where that file is, which it makes. */
#include "module.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int count;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mod->send_message(mod, params, message, len);
    if (++count == TIMES)
        abort();
    return MESIBO_RESULT_PASS;
}

int mesibo_module_restarted_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    mod->log(mod, 0, "init");
#ifdef ONCE
    if (open(ONCE, O_CREAT | O_EXCL | O_WRONLY, 0600) < 0)
        return MESIBO_RESULT_FAIL;
#endif
    return MESIBO_RESULT_OK;
}
