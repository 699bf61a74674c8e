/* Writes behind its struct. */
#include "misbehaving.h"

IN_MESSAGE {
    ((volatile char *)(mod + 1))[0] = 1;
    return MESIBO_RESULT_PASS;
}
