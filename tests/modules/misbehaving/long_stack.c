/* Copies the message to an array on its stack. */
#include "misbehaving.h"

IN_MESSAGE {
    char copy[len + 1];
    memcpy(copy, message, len);
    copy[len] = 0;
    return ((volatile char *)copy)[len];
}
