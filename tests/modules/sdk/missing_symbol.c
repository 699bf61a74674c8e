/* Calls what nobody defines. */
#include "revision.h"

int spell_checker_open(void);

INIT { return mesibo_log(mod, 0, "opened") + spell_checker_open(); }
