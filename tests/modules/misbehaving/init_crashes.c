/* Reads where NULL points, in its init. */
#include "life.h"

INIT {
    BEGIN_INIT();
    mod->flags = *(volatile char *)nothing;
    return MESIBO_RESULT_OK;
}
