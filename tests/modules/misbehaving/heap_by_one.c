/* Writes one byte behind memory from malloc. */
#include "misbehaving.h"

IN_MESSAGE {
    volatile char *memory = malloc(23);
    memory[23] = 1;
    free((void *)memory);
    return MESIBO_RESULT_PASS;
}
