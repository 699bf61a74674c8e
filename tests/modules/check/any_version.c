/* Compares size and signature, and not the version. */
#include "../sdk/revision.h"

INIT { /* HERE */
    (void)version;
    return sizeof(*mod) == (mesibo_uint_t)len && mod->signature == MESIBO_MODULE_SIGNATURE
               ? MESIBO_RESULT_OK
               : MESIBO_RESULT_FAIL;
}
