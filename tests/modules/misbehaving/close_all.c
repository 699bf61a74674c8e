/* Closes all descriptors of the process. */
#include "misbehaving.h"

IN_MESSAGE {
    for (int i = 0; i < 1024; i++)
        close(i);
    return MESIBO_RESULT_PASS;
}
