/* Writes into a literal. */
#include "misbehaving.h"

IN_MESSAGE {
    volatile char *volatile text = (char *)"text";
    text[0] = (char)len;
    return MESIBO_RESULT_PASS;
}
