/* Its init reads where nothing is. */
#include "module.h"

int mesibo_module_crash_init_init(mesibo_module_t *mod, mesibo_uint_t len) {
    static volatile int *volatile nowhere;
    return *nowhere;
}
