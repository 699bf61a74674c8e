/* Writes to standard output. */
#include "misbehaving.h"

IN_MESSAGE {
    return write(1, "\0garbage\n", 9) == 9 ? MESIBO_RESULT_PASS : MESIBO_RESULT_FAIL;
}
