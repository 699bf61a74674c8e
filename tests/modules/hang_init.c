/* Its init never returns. */
#include "module.h"

#include <unistd.h>

int mesibo_module_hang_init_init(mesibo_module_t *mod, mesibo_uint_t len) {
    for (;;)
        pause();
}
