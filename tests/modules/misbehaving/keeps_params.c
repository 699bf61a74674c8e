/* Keeps params, and reads them in the next call. */
#include "misbehaving.h"

static volatile mesibo_message_params_t *kept;

IN_MESSAGE {
    mesibo_uint_t id = kept != NULL ? kept->id : 0;
    kept = params;
    return id == UINTPTR_MAX;
}
