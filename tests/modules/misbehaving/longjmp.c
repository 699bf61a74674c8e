/* Jumps to a function that has returned. */
#include "misbehaving.h"

#include <setjmp.h>

static jmp_buf back;

__attribute__((noinline)) static void remember(void) {
    volatile char room[4096];
    if (setjmp(back) != 0)
        abort(); /* on a stack that is no more */
    (void)room[0];
}

IN_MESSAGE {
    remember();
    if (!never)
        longjmp(back, 1);
    return MESIBO_RESULT_PASS;
}
