/* Calls quick_exit. */
#include "misbehaving.h"

IN_MESSAGE {
    quick_exit(5);
}
