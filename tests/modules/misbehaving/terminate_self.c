/* Sends itself SIGTERM. */
#include "misbehaving.h"

IN_MESSAGE {
    raise(SIGTERM);
    return MESIBO_RESULT_PASS;
}
