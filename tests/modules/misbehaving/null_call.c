/* Calls a function that is NULL. */
#include "misbehaving.h"

IN_MESSAGE {
    ((void (*)(void))(uintptr_t)nothing)();
    return MESIBO_RESULT_PASS;
}
