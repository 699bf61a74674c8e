/* Sends the process that started it SIGTERM. */
#include "misbehaving.h"

IN_MESSAGE {
    if (getppid() > 1)
        kill(getppid(), SIGTERM);
    return MESIBO_RESULT_PASS;
}
