/* Makes what it needs when its library is opened, and lets it go in its cleanup. */
#include "../sdk/revision.h"

static int *pool;

__attribute__((constructor)) static void make_pool(void) { pool = (int *)calloc(1, sizeof *pool); }

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    free(pool);
    pool = NULL;
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    *pool += 1; /* HERE */
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
