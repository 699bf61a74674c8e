/* Leaks 64 MiB with each message. */
#include "misbehaving.h"

IN_MESSAGE {
    static int left = 2; /* for the sake of the machine */
    if (left-- <= 0)
        return MESIBO_RESULT_PASS;
    volatile char *volatile lost = malloc((size_t)64 << 20);
    for (size_t i = 0; i < (size_t)64 << 20; i += 4096)
        lost[i] = 1;
    return MESIBO_RESULT_PASS;
}
