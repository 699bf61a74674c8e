/* Reads far before the message. */
#include "misbehaving.h"

IN_MESSAGE {
    (void)*(volatile const char *)(message - ((intptr_t)1 << 40));
    return MESIBO_RESULT_PASS;
}
