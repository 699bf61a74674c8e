/* Writes two bytes behind the message. */
#include "misbehaving.h"

IN_MESSAGE {
    ((volatile char *)message)[len + 1] = 1;
    return MESIBO_RESULT_PASS;
}
