/* Closes standard input, output and error. */
#include "misbehaving.h"

IN_MESSAGE {
    close(0);
    close(1);
    close(2);
    return MESIBO_RESULT_PASS;
}
