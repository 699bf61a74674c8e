/* Frees its struct in its cleanup, which is the host's. */
#include "life.h"

static int cleanup(mesibo_module_t *mod) {
    free(mod);
    return MESIBO_RESULT_OK;
}

INIT {
    BEGIN_INIT();
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
