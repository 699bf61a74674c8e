/* Writes where NULL points. */
#include "misbehaving.h"

IN_MESSAGE {
    *(volatile char *)nothing = 1;
    return MESIBO_RESULT_PASS;
}
