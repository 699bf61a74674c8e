/* Writes over the memory that an isolated module shares with its host. */
#include "misbehaving.h"

IN_MESSAGE {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned long begin, end;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, "mesibo-module") != NULL && sscanf(line, "%lx-%lx", &begin, &end) == 2)
            memset((void *)begin, 0x55, 4 << 20);
    fclose(maps);
    return MESIBO_RESULT_PASS;
}
