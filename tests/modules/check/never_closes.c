/* Opens a file for its life, and leaves it open behind that. */
#include "../sdk/revision.h"

#include <fcntl.h>

static mesibo_int_t on_call(mesibo_module_t *mod) {
    mesibo_log(mod, 1, "its file is %d", (int)(intptr_t)mod->ctx);
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->ctx = (void *)(intptr_t)open("/dev/null", O_WRONLY); /* HERE */
    mod->on_call = on_call;
    return MESIBO_RESULT_OK;
}
