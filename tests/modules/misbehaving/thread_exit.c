/* Ends the thread of the host that called it. */
#include "misbehaving.h"

IN_MESSAGE {
    pthread_exit(NULL);
}
