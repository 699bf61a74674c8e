/* Frees memory that is not from malloc. */
#include "misbehaving.h"

IN_MESSAGE {
    static char room[64];
    char *volatile middle = room + 32;
    free(middle);
    return MESIBO_RESULT_PASS;
}
