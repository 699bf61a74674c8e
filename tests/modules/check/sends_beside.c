/* Has a thread that sends during each call, and whatever is handed to the module. */
#include "module.h"

#include <pthread.h>
#include <semaphore.h>

static mesibo_module_t *self;
static pthread_t thread;
static sem_t wanted, sent;
static int over;

static void *send(void *data) {
    mesibo_message_params_t params = {.to = (char *)"bob"};
    for (;;) {
        sem_wait(&wanted);
        if (over)
            return data;
        self->send_message(self, &params, "tick", 4);
        sem_post(&sent);
    }
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                      const char *message, mesibo_uint_t len) {
    sem_post(&wanted);
    sem_wait(&sent);
    return MESIBO_RESULT_PASS;
}

static int cleanup(mesibo_module_t *mod) {
    over = 1;
    sem_post(&wanted);
    pthread_join(thread, NULL);
    self = NULL;
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_sends_beside_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE || self != NULL)
        return MESIBO_RESULT_FAIL;
    over = 0;
    if (sem_init(&wanted, 0, 0) != 0 || sem_init(&sent, 0, 0) != 0)
        return MESIBO_RESULT_FAIL;
    self = mod;
    mod->on_message = on_message;
    mod->cleanup = cleanup;
    return pthread_create(&thread, NULL, send, NULL) == 0 ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
