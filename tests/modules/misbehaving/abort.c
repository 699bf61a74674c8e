/* Calls abort. */
#include "misbehaving.h"

IN_MESSAGE {
    abort();
}
