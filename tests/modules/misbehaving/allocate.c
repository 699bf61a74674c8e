/* Allocates without an end, and writes to it without a look. */
#include "misbehaving.h"

#include <sys/resource.h>

IN_MESSAGE {
    struct rlimit bound = {(rlim_t)4 << 30, (rlim_t)4 << 30}; /* for the sake of the machine */
    setrlimit(RLIMIT_AS, &bound);
    while (!never)
        *(volatile char *)malloc((size_t)64 << 20) = 1;
    return MESIBO_RESULT_PASS;
}
