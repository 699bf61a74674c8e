/* Keeps something of its own in a word that is reserved. */
#include "../sdk/revision.h"

INIT { /* HERE */
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->reserved_3 = 42;
    return MESIBO_RESULT_OK;
}
