/* Forks a child that stays, in a session of its own. */
#include "misbehaving.h"

IN_MESSAGE {
    static int times; /* one is enough */
    if (times++ == 0 && fork() == 0) {
        setsid();
        for (;;)
            pause();
    }
    return MESIBO_RESULT_PASS;
}
