/* Reads where NULL points when its library is unloaded. */
#include "life.h"

__attribute__((destructor)) static void destruct(void) { (void)*(volatile char *)nothing; }

INIT {
    BEGIN_INIT();
    return MESIBO_RESULT_OK;
}
