/* Reads where NULL points. */
#include "misbehaving.h"

IN_MESSAGE {
    return *(volatile char *)nothing;
}
