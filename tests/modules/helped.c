/* Its thread is made by a library that it links, tests/modules/helper/ticker.c: also after close. */
#include "helper/ticker.h"
#include "module.h"

static void tick(void *data) {
    mesibo_module_t *mod = data;
    mod->log(mod, 1, "tick");
}

int mesibo_module_helped_init(mesibo_module_t *mod, mesibo_uint_t len) {
    return len == sizeof(*mod) ? ticker_start(tick, mod) : MESIBO_RESULT_FAIL;
}
