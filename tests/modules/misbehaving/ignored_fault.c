/* Takes the handler of SIGSEGV away, and reads where NULL points. */
#include "misbehaving.h"

IN_MESSAGE {
    signal(SIGSEGV, SIG_DFL);
    return *(volatile char *)nothing;
}
