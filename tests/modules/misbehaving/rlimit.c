/* Lowers the number of files that the process may open. */
#include "misbehaving.h"

#include <sys/resource.h>

IN_MESSAGE {
    struct rlimit few = {100, 100};
    return setrlimit(RLIMIT_NOFILE, &few);
}
