/* Sends without an end. */
#include "misbehaving.h"

IN_MESSAGE {
    while (!never)
        mod->send_message(mod, params, message, len);
    return MESIBO_RESULT_PASS;
}
