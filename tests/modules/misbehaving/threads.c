/* Starts a hundred threads with each message, which never end. */
#include "misbehaving.h"

static void *run(void *data) {
    for (;;)
        pause();
    return data;
}

IN_MESSAGE {
    static int left = 1000; /* for the sake of the machine */
    for (int i = 0; i < 100 && left > 0; i++, left--) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, run, NULL) != 0)
            return MESIBO_RESULT_FAIL;
        pthread_detach(thread);
    }
    return MESIBO_RESULT_PASS;
}
