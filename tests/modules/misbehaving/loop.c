/* Loops without an end. */
#include "misbehaving.h"

IN_MESSAGE {
    while (!never)
        ;
    return MESIBO_RESULT_PASS;
}
