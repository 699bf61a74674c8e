/* Sends ten bytes at the end of readable memory, with the length that the message says. */
#define _DEFAULT_SOURCE
#include "module.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 };
static char *edge;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    int result = mod->send_message(mod, params, edge - 10, strtoull(message, NULL, 0));
    mod->log(mod, 0, "returned %d", result);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_overrun_init(mesibo_module_t *mod, mesibo_uint_t len) {
    char *pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + 2 * PAGE, PAGE, PROT_NONE) != 0)
        return MESIBO_RESULT_FAIL;
    edge = pages + 2 * PAGE;
    memcpy(edge - 10, "0123456789", 10);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
