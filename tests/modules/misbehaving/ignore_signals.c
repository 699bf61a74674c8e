/* Has the process ignore SIGTERM and SIGSEGV. */
#include "misbehaving.h"

IN_MESSAGE {
    signal(SIGTERM, SIG_IGN);
    signal(SIGSEGV, SIG_IGN);
    return MESIBO_RESULT_PASS;
}
