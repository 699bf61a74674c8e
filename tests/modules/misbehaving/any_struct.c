/* Accepts any struct, without a look at its size or its signature. */
#include "life.h"

INIT {
    (void)len;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
