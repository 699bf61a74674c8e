/* Calls itself without an end. */
#include "misbehaving.h"

__attribute__((noinline)) static int dig(int depth) {
    volatile char room[512];
    room[0] = (char)depth;
    return never ? 0 : dig(depth + 1) + room[0];
}

IN_MESSAGE {
    return dig(0);
}
