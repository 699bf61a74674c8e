/* Divides by zero. */
#include "misbehaving.h"

IN_MESSAGE {
    return 5 / never;
}
