/* Writes over the signature in its struct. */
#include "misbehaving.h"

IN_MESSAGE {
    mod->signature = 0;
    return MESIBO_RESULT_PASS;
}
