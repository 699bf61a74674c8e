/* Its init says why, and refuses. */
#include "module.h"

int mesibo_module_refuse_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->log(mod, 0, "no licence for %s\n", "this host");
    mod->log(mod, 0, "ask for %d", 42);
    return -7;
}
