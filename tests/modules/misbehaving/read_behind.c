/* Reads two bytes behind the message. */
#include "misbehaving.h"

IN_MESSAGE {
    (void)((volatile const char *)message)[len + 1];
    return MESIBO_RESULT_PASS;
}
