/* Logs in all the ways there are; the message says how many bytes the long line has. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    int size = atoi(message);
    char *line = malloc((size_t)size + 1);
    memset(line, 'x', (size_t)size);
    line[size] = '\0';
    mod->log(mod, 0, "%s|%5.2f|%-4d|%x|%c\n", "text", 3.14159, 7, 255, '!');
    mod->log(mod, 1, "one\n\n");
    mod->log(mod, 5, "five");
    mod->log(mod, 0, "%s", line);
    mod->log(mod, 0, "bytes \xff\xfe");
    mod->log(mod, 0, "%s", "");
    free(line);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_logs_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
