/* Reads one byte behind the message, where a host is so kind as to put a NUL. */
#include "misbehaving.h"

IN_MESSAGE {
    return ((volatile const char *)message)[len];
}
