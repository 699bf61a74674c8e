/* Never returns from its init. */
#include "life.h"

INIT {
    BEGIN_INIT();
    for (;;)
        pause();
}
