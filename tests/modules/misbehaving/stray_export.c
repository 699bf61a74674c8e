/* Exports a function of its own, with a name that others have, too. */
#include "life.h"

__attribute__((visibility("default"))) void send_all(void) {}

INIT {
    BEGIN_INIT();
    return MESIBO_RESULT_OK;
}
