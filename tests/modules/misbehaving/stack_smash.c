/* Writes behind an array on its stack, over its return address. */
#include "misbehaving.h"

__attribute__((noinline)) static void fill(volatile char *room, int size) {
    for (int i = 0; i < size; i++)
        room[i] = 0x11;
}

IN_MESSAGE {
    volatile char room[8];
    fill(room, 256);
    return room[0] == 0x11 ? MESIBO_RESULT_PASS : MESIBO_RESULT_FAIL;
}
