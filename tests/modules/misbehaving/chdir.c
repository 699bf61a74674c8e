/* Changes the working directory. */
#include "misbehaving.h"

IN_MESSAGE {
    return chdir("/");
}
