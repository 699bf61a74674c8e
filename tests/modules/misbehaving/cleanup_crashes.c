/* Reads where NULL points, in its cleanup. */
#include "life.h"

static int cleanup(mesibo_module_t *mod) {
    return *(volatile char *)nothing + (mod == NULL);
}

INIT {
    BEGIN_INIT();
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
