/* Reads a vector from an address that is not aligned for it. */
#include "misbehaving.h"

typedef int vector __attribute__((vector_size(16)));

IN_MESSAGE {
    static char room[64];
    volatile vector *volatile wrong = (volatile vector *)(void *)(room + 1);
    vector read = *wrong;
    return read[0];
}
