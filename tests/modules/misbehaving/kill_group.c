/* Kills its process group. */
#include "misbehaving.h"

IN_MESSAGE {
    kill(0, SIGKILL);
    return MESIBO_RESULT_PASS;
}
