/* Eight threads of its own send a thousand numbered messages each; a call starts them, its status waits for them. */
#include "module.h"

#include <pthread.h>

enum { THREADS = 8, EACH = 1000 };

struct sender {
    mesibo_module_t *mod;
    mesibo_uint_t number;
    pthread_t thread;
};

static struct sender senders[THREADS];

static void *run(void *data) {
    struct sender *sender = data;
    mesibo_message_params_t params = {.to = (char[]){"bob"}, .groupid = sender->number + 1};
    for (params.id = 0; params.id < EACH; params.id++)
        sender->mod->send_message(sender->mod, &params, "burst", 5);
    return NULL;
}

static int on_call(mesibo_module_t *mod) {
    for (mesibo_uint_t i = 0; i < THREADS; i++) {
        senders[i].mod = mod;
        senders[i].number = i;
        if (pthread_create(&senders[i].thread, NULL, run, &senders[i]) != 0)
            return MESIBO_RESULT_FAIL;
    }
    return MESIBO_RESULT_OK;
}

static int on_call_status(mesibo_module_t *mod) {
    for (int i = 0; i < THREADS; i++)
        pthread_join(senders[i].thread, NULL);
    return MESIBO_RESULT_OK;
}

int mesibo_module_burst_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_call = on_call;
    mod->on_call_status = on_call_status;
    return MESIBO_RESULT_OK;
}
