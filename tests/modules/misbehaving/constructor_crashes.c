/* Reads where NULL points when its library is loaded. */
#include "life.h"

__attribute__((constructor)) static void construct(void) { (void)*(volatile char *)nothing; }

INIT {
    BEGIN_INIT();
    return MESIBO_RESULT_OK;
}
