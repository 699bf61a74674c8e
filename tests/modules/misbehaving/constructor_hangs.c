/* Never returns when its library is loaded. */
#include "life.h"

__attribute__((constructor)) static void construct(void) {
    for (;;)
        pause();
}

INIT {
    BEGIN_INIT();
    return MESIBO_RESULT_OK;
}
