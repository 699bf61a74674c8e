/* Four threads of its own send without an end; its cleanup cancels them and waits for them. */
#include "module.h"

#include <pthread.h>

enum { THREADS = 4 };

static pthread_t threads[THREADS];

static void *run(void *data) {
    mesibo_module_t *mod = data;
    mesibo_message_params_t params = {.to = (char[]){"bob"}};
    for (;;) {
        mod->send_message(mod, &params, "again", 5);
        mod->log(mod, 0, "again");
        pthread_testcancel();
    }
    return NULL;
}

static int on_call(mesibo_module_t *mod) {
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, mod) != 0)
            return MESIBO_RESULT_FAIL;
    return MESIBO_RESULT_OK;
}

static int cleanup(mesibo_module_t *mod) {
    for (int i = 0; i < THREADS; i++)
        pthread_cancel(threads[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    mod->log(mod, 0, "joined");
    return MESIBO_RESULT_OK;
}

int mesibo_module_cancelled_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_call = on_call;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
