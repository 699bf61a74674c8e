/* Forks, and aborts where what it has forked does not end as that wants. */
#include "module.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for(pid_t child, int code) {
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != code)
        abort();
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    pid_t child;
    (void)mod, (void)params, (void)message;
    if (len == 0)
        return MESIBO_RESULT_PASS;
    if ((child = fork()) == 0)
        exit(4);
    wait_for(child, 4);
    if ((child = fork()) == 0)
        _exit(5);
    wait_for(child, 5);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_forks_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "forks";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
