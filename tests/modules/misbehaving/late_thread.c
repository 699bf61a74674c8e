/* Leaves a thread that sends and logs after its cleanup. */
#include "life.h"

static void *run(void *data) {
    mesibo_module_t *mod = data;
    mesibo_message_params_t params = {.to = (char *)"bob"};
    for (;;) {
        mod->send_message(mod, &params, "late", 4);
        mod->log(mod, 1, "late");
        usleep(1000);
    }
    return NULL;
}

INIT {
    BEGIN_INIT();
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, mod) != 0)
        return MESIBO_RESULT_FAIL;
    pthread_detach(thread);
    return MESIBO_RESULT_OK;
}
