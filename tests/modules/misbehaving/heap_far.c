/* Writes far behind memory from malloc. */
#include "misbehaving.h"

IN_MESSAGE {
    volatile char *volatile memory = malloc(16);
    for (size_t i = 0; !never; i++)
        memory[i] = 1;
    return MESIBO_RESULT_PASS;
}
