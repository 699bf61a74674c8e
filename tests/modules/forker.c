/* Forks, and logs what the host functions returned in the child; or that it hung or crashed. */
#include "module.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(mesibo_module_t *mod) {
    mesibo_message_params_t params = {.to = (char[]){"bob"}};
    int sent = mod->send_message(mod, &params, "child", 5);
    int logged = mod->log(mod, 0, "child");
    int asked = mod->http(mod, "http://nowhere/", NULL, NULL, NULL, NULL);
    _exit(sent == -1 && logged == -1 && asked == -1 ? 0 : 1);
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    pid_t pid = fork();
    int status = 0, ended = 0;
    if (pid == 0)
        child(mod);
    for (int i = 0; i < 1000 && ended == 0; i++) {
        usleep(10000);
        ended = waitpid(pid, &status, WNOHANG);
    }
    if (ended == 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    mod->log(mod, 0, "%s %d", ended == 0 ? "hung" : "status", status);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_forker_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
