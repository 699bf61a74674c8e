/* Becomes a daemon: the process that it was in ends. */
#include "misbehaving.h"

IN_MESSAGE {
    return daemon(0, 1);
}
