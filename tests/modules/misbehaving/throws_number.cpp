/* Throws a number through the C functions that called it. */
#include "misbehaving.h"

IN_MESSAGE {
    throw 42;
}
