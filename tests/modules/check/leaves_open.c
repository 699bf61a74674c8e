/* Looks into a file for each message, and does not close it where there is nothing in it. */
#include "../sdk/revision.h"

#include <fcntl.h>
#include <unistd.h>

#ifndef TIMES
#define TIMES 1
#endif

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char first;
    for (int i = 1; i < TIMES; i++) {
        int other = open("/dev/null", O_RDONLY); /* ALSO */
        (void)other;
    }
    int file = open("/dev/null", O_RDONLY); /* HERE */
    if (file < 0 || read(file, &first, 1) <= 0)
        return MESIBO_RESULT_PASS;
    close(file);
    return first == '!' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
