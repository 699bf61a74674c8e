/* Starts a thread that reads where NULL points. */
#include "misbehaving.h"

static void *run(void *data) {
    return *(void *volatile *)data;
}

IN_MESSAGE {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, NULL) != 0)
        return MESIBO_RESULT_FAIL;
    pthread_join(thread, NULL);
    return MESIBO_RESULT_PASS;
}
