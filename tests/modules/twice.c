/* Sends twice from one thread of its own for each message, and waits for it. */
#include "module.h"

#include <pthread.h>

static void *run(void *data) {
    mesibo_module_t *mod = data;
    mesibo_message_params_t params = {.to = (char[]){"bob"}};
    mod->send_message(mod, &params, "first", 5);
    mod->send_message(mod, &params, "second", 6);
    return NULL;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, mod) != 0)
        return MESIBO_RESULT_FAIL;
    pthread_join(thread, NULL);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_twice_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
