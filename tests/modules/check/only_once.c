/* Refuses to be loaded again, even after its cleanup. */
#include "../sdk/revision.h"

static int loads, ended;

static mesibo_int_t on_cleanup(mesibo_module_t *mod) { /* HERE */
    ended = 1;
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    loads++;
    if (ended) {
        mesibo_log(mod, 0, "ended already, after %d loads", loads);
        return MESIBO_RESULT_FAIL;
    }
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
