/* Says goodbye when its library is closed. */
#include "../sdk/revision.h"

static mesibo_module_t *self;

static void say_goodbye(void) {
    if (self != NULL)
        mesibo_log(self, 1, "goodbye"); /* HERE */
    self = NULL;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    if (self == NULL)
        atexit(say_goodbye);
    self = mod;
    return MESIBO_RESULT_OK;
}
