/* Logs what comes of signalling: its child, its host, the process that started it, their groups, and all.
 * With signal 0, so that nothing happens to them. */
#define _GNU_SOURCE
#include "module.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void attempt(mesibo_module_t *mod, const char *whom, pid_t process) {
    int result = kill(process, 0);
    mod->log(mod, 0, "%s: %s", whom, result == 0 ? "0" : strerrorname_np(errno));
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char text[32] = "";
    memcpy(text, message, len < sizeof text ? len : sizeof text - 1);
    pid_t host = atoi(text), child = fork();
    (void)params;
    if (child == 0)
        for (;;)
            pause();
    attempt(mod, "child", child);
    attempt(mod, "self", getpid());
    attempt(mod, "own group", 0);
    attempt(mod, "host", host);
    attempt(mod, "group of the host", -getpgid(host));
    attempt(mod, "parent", getppid());
    attempt(mod, "group of the parent", -getppid());
    attempt(mod, "all", -1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_signals_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod))
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
