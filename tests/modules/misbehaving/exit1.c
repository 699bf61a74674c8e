/* Calls exit(1). */
#include "misbehaving.h"

IN_MESSAGE {
    exit(1);
}
