/* Leaks a hundred descriptors with each message. */
#include "misbehaving.h"

#include <fcntl.h>

IN_MESSAGE {
    static int left = 500; /* behind them whoever is in this process can do nothing at all */
    for (int i = 0; i < 100 && left > 0; i++, left--)
        if (open("/dev/null", O_RDONLY) < 0)
            return MESIBO_RESULT_FAIL;
    return MESIBO_RESULT_PASS;
}
