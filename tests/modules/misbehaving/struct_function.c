/* Writes over a host function in its struct. */
#include "misbehaving.h"

IN_MESSAGE {
    mod->send_message = NULL;
    return MESIBO_RESULT_PASS;
}
