/* Refuses to be loaded a second time beside the first. */
#include "../sdk/revision.h"

static int loads;

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    loads--;
    return MESIBO_RESULT_OK;
}

INIT { /* HERE */
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    if (loads > 0)
        return MESIBO_RESULT_FAIL;
    loads++;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
