/* Sets an alarm, and nothing that hears it. */
#include "misbehaving.h"

#include <sys/time.h>

IN_MESSAGE {
    struct itimerval soon = {.it_value = {.tv_usec = 1}};
    setitimer(ITIMER_REAL, &soon, NULL);
    return MESIBO_RESULT_PASS;
}
