/* Refuses every host, and says why. */
#include "../sdk/revision.h"

INIT { /* HERE */
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mesibo_log(mod, 0, "the license has run out");
    return -7;
}
