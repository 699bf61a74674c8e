/* Sets a callback that is no function. */
#include "life.h"

INIT {
    BEGIN_INIT();
    mod->on_message_status = (void *)mod;
    return MESIBO_RESULT_OK;
}
