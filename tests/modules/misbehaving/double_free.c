/* Frees the same memory twice. */
#include "misbehaving.h"

IN_MESSAGE {
    char *volatile memory = malloc(16);
    free(memory);
    free(memory);
    return MESIBO_RESULT_PASS;
}
