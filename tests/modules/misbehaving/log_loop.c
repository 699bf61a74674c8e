/* Logs without an end. */
#include "misbehaving.h"

IN_MESSAGE {
    while (!never)
        mod->log(mod, 0, "%p has the same to say, over and over again", params);
    return MESIBO_RESULT_PASS;
}
