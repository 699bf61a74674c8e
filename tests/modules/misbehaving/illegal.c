/* Runs into an instruction that is none. */
#include "misbehaving.h"

IN_MESSAGE {
    if (!never)
        __builtin_trap();
    return MESIBO_RESULT_PASS;
}
