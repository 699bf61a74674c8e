/* Calls exit(0). */
#include "misbehaving.h"

IN_MESSAGE {
    exit(0);
}
