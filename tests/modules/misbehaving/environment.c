/* Changes the environment. */
#include "misbehaving.h"

IN_MESSAGE {
    unsetenv("PATH");
    return setenv("MISBEHAVING", "1", 1);
}
