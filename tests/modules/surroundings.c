/* Logs what it finds around it: its locale, and what becomes of a write to a pipe that nobody reads; then
 * prints, and ends its process where the message says so. */
#define _GNU_SOURCE
#include "module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    int ends[2];
    wchar_t wide[16];
    mod->log(mod, 0, "%d letters", (int)mbstowcs(wide, "h\xc3\xa9llo", 16));
    if (pipe(ends) == 0) {
        close(ends[0]);
        ssize_t written = write(ends[1], "x", 1);
        mod->log(mod, 0, "%d, %s", (int)written, strerrorname_np(errno));
        close(ends[1]);
    }
    printf("printed for %s\n", message);
    if (strcmp(message, "abort") == 0)
        abort();
    return MESIBO_RESULT_PASS;
}

int mesibo_module_surroundings_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod))
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
