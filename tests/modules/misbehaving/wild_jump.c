/* Calls a function where no code is. */
#include "misbehaving.h"

IN_MESSAGE {
    void (*volatile target)(void) = (void (*)(void))0x123450;
    target();
    return MESIBO_RESULT_PASS;
}
