/* Sends a message with a length that is more than it has. */
#include "misbehaving.h"

IN_MESSAGE {
    mod->send_message(mod, params, "hello", (mesibo_uint_t)1 << 24);
    return MESIBO_RESULT_PASS;
}
