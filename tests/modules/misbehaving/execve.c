/* Makes another program of the process. */
#include "misbehaving.h"

IN_MESSAGE {
    char *none[] = {NULL}, *arguments[] = {(char *)"true", NULL};
    execve("/bin/true", arguments, none);
    return MESIBO_RESULT_PASS;
}
