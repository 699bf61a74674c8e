/* Reads `to`, which a message to a group does not have. */
#include "misbehaving.h"

IN_MESSAGE {
    return (int)strlen(params->to) == -1;
}
