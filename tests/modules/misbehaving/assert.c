/* Fails an assertion. */
#include "misbehaving.h"

#include <assert.h>

IN_MESSAGE {
    assert(len == (mesibo_uint_t)-1);
    return MESIBO_RESULT_PASS;
}
