/* Divides by an item, whatever that is. */
#include "../sdk/revision.h"

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    const char *parts = mesibo_util_getconfig(mod, "parts");
    if (parts == NULL)
        return MESIBO_RESULT_FAIL;
    mod->flags = (mesibo_uint_t)(100 / atoi(parts)); /* HERE */
    return MESIBO_RESULT_OK;
}
