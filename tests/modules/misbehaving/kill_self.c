/* Sends itself SIGKILL. */
#include "misbehaving.h"

IN_MESSAGE {
    raise(SIGKILL);
    return MESIBO_RESULT_PASS;
}
