/* Refuses in its init. */
#include "life.h"

INIT {
    BEGIN_INIT();
    return MESIBO_RESULT_FAIL;
}
