/* Waits in on_message for a thread of its own that does what the message says. */
#include "module.h"

#include <pthread.h>
#include <string.h>

struct errand {
    mesibo_module_t *mod;
    mesibo_message_params_t params;
    char what[200];
    int result;
};

static void *run(void *data) {
    struct errand *errand = data;
    mesibo_module_t *mod = errand->mod;
    if (strcmp(errand->what, "log") == 0)
        errand->result = mod->log(mod, 0, "from the thread");
    else if (strncmp(errand->what, "http", 4) == 0)
        errand->result = mod->http(mod, errand->what, NULL, NULL, NULL, NULL);
    else
        errand->result = mod->send_message(mod, &errand->params, "from the thread", 15);
    return NULL;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    struct errand errand = {.mod = mod, .params = *params};
    pthread_t thread;
    strncpy(errand.what, message, sizeof errand.what - 1);
    if (pthread_create(&thread, NULL, run, &errand) != 0)
        return MESIBO_RESULT_FAIL;
    pthread_join(thread, NULL);
    mod->log(mod, 0, "the thread got %d", errand.result);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_waiter_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
