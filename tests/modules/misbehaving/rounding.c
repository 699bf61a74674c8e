/* Changes how the processor rounds. */
#include "misbehaving.h"

#include <fenv.h>

IN_MESSAGE {
    return fesetround(FE_UPWARD);
}
