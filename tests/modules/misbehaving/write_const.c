/* Writes into a message that is const. */
#include "misbehaving.h"

IN_MESSAGE {
    if (len > 0)
        ((char *)message)[len / 2] ^= 1;
    return MESIBO_RESULT_PASS;
}
