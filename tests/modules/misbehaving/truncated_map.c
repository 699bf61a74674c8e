/* Reads a file that was mapped, and made shorter since. */
#include "misbehaving.h"

#include <sys/mman.h>

IN_MESSAGE {
    FILE *file = tmpfile();
    int fd = fileno(file);
    if (ftruncate(fd, 4096) != 0)
        return MESIBO_RESULT_FAIL;
    volatile char *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (ftruncate(fd, 0) != 0)
        return MESIBO_RESULT_FAIL;
    return mapped[0];
}
