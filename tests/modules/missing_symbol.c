/* Calls a function that no library defines. */
#include "module.h"

int spell_checker_open(void);

int mesibo_module_missing_symbol_init(mesibo_module_t *mod, mesibo_uint_t len) {
    return spell_checker_open();
}
