/* Gives itself a name, though that is the host's in this revision. */
#include "../sdk/revision.h"

INIT { /* HERE */
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->name = "itself";
    return MESIBO_RESULT_OK;
}
