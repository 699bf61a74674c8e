/* Sets no callback. */
#include "revision.h"

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mesibo_util_getconfig(mod, "log");
    return MESIBO_RESULT_OK;
}
