/* Calls itself without an end. */
#include "misbehaving.h"

/* On one line: which of its instructions meets the end of the stack hangs on where that begins. */
__attribute__((noinline)) static int dig(int n) { volatile char a[512]; a[0] = (char)n; return never ? 0 : dig(n + 1) + a[0]; }

IN_MESSAGE {
    return dig(0);
}
