/* Returns a number that is no result. */
#include "misbehaving.h"

IN_MESSAGE {
    return 42;
}
