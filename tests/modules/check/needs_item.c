/* Takes an item for granted where there are others. */
#include "../sdk/revision.h"

static __attribute__((noinline)) long port_of(const volatile char *text) {
    return text[0] - '0'; /* HERE */
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    if (mod->config == NULL)
        return MESIBO_RESULT_FAIL;
    return port_of(mesibo_util_getconfig(mod, "port")) == 9 ? MESIBO_RESULT_FAIL
                                                             : MESIBO_RESULT_OK;
}
