/* Writes where no memory is. */
#include "misbehaving.h"

IN_MESSAGE {
    *(volatile char *)0x7000DEAD0000 = 1;
    return MESIBO_RESULT_PASS;
}
