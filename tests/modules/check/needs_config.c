/* Reads mod->config, which is NULL where there is none. */
#include "../sdk/revision.h"

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    if (mod->config->count == 0) /* HERE */
        return MESIBO_RESULT_FAIL;
    return MESIBO_RESULT_OK;
}
