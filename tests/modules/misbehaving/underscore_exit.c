/* Calls _exit. */
#include "misbehaving.h"

IN_MESSAGE {
    _exit(4);
}
