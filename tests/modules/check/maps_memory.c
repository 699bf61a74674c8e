/* Has a page for each status, and gives none back. */
#define _GNU_SOURCE
#include "../sdk/revision.h"

#include <sys/mman.h>

static mesibo_int_t on_message_status(mesibo_module_t *mod, mesibo_message_params_t *params) {
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); /* HERE */
    if (page == MAP_FAILED)
        return MESIBO_RESULT_FAIL;
    page[0] = (char)params->status;
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message_status = on_message_status;
    return MESIBO_RESULT_OK;
}
