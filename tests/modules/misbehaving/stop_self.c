/* Sends itself SIGSTOP. */
#include "misbehaving.h"

IN_MESSAGE {
    kill(getpid(), SIGSTOP);
    return MESIBO_RESULT_PASS;
}
