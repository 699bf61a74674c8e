/* Writes over all memory that it can write to, but its stack and its own. */
#include "misbehaving.h"

#define TEXT_OF(name) #name
#define NAME_OF(name) TEXT_OF(name)
#define MODULE NAME_OF(MESIBO_MODULE)

IN_MESSAGE {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned long begin, end;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%lx-%lx rw", &begin, &end) == 2 && strstr(line, " rw") != NULL &&
            strstr(line, "[stack]") == NULL && strstr(line, MODULE) == NULL)
            memset((void *)begin, 0x55, end - begin < 1 << 20 ? end - begin : 1 << 20);
    return MESIBO_RESULT_PASS;
}
