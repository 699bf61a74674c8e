/* Takes what on_config is handed for text. */
#include "../sdk/revision.h"

static mesibo_int_t on_config(mesibo_module_t *mod, mesibo_uint_t type, void *config) {
    return ((const char *)config)[0] == 33; /* HERE */
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_config = on_config;
    return MESIBO_RESULT_OK;
}
