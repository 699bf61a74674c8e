/* Eight threads of its own send, and log at level 1, without end: also after close, more slowly, as
 * hundreds that never sleep would leave nothing for the process that they are in. */
#define _DEFAULT_SOURCE
#include "module.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#ifndef PAUSE
#define PAUSE 200 /* microseconds */
#endif

enum { THREADS = 8, REFUSED_PAUSE = 20000 };
static atomic_int refused;

__attribute__((visibility("default"))) int chatter_refused(void) { return refused; }

static void *run(void *data) {
    mesibo_module_t *mod = data;
    mesibo_message_params_t params = {.to = (char[]){"bob"}};
    for (;;) {
        mod->log(mod, 1, "chatter");
        bool sent = mod->send_message(mod, &params, "chatter", 7) == MESIBO_RESULT_OK;
        if (!sent)
            refused++;
        usleep(sent ? PAUSE : REFUSED_PAUSE);
    }
    return NULL;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    return MESIBO_RESULT_PASS;
}

int mesibo_module_chatter_init(mesibo_module_t *mod, mesibo_uint_t len) {
    pthread_t thread;
    mod->on_message = on_message;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&thread, NULL, run, mod) != 0 || pthread_detach(thread) != 0)
            return MESIBO_RESULT_FAIL;
    return MESIBO_RESULT_OK;
}
