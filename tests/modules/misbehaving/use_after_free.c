/* Reads memory that it has freed. */
#include "misbehaving.h"

IN_MESSAGE {
    volatile char *volatile memory = malloc(512);
    free((void *)memory);
    return memory[100] == 'x';
}
