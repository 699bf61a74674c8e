/* Blocks all signals on the thread that called it. */
#include "misbehaving.h"

IN_MESSAGE {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    return MESIBO_RESULT_PASS;
}
