/* Forks, and the child returns from the callback as well. */
#include "misbehaving.h"

IN_MESSAGE {
    static int times; /* of the child's, too: there are enough of them */
    if (times++ == 0)
        fork();
    return MESIBO_RESULT_PASS;
}
