/* Never returns from its cleanup. */
#include "life.h"

static int cleanup(mesibo_module_t *mod) {
    for (;;)
        pause();
    return mod == NULL;
}

INIT {
    BEGIN_INIT();
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
