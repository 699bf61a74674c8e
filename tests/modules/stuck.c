/* Never comes back from a message that is not empty, nor, with -DSTUCK_INIT, from its init. Prints. Makes
 * the file that STUCK_FILE in the environment names, when it is there. */
#define _DEFAULT_SOURCE
#include "module.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for_ever(void) {
    const char *path = getenv("STUCK_FILE");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file != NULL)
        fclose(file);
    for (;;)
        pause();
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    printf("printed by C\n");
    if (len > 0)
        wait_for_ever();
    return MESIBO_RESULT_PASS;
}

int mesibo_module_stuck_init(mesibo_module_t *mod, mesibo_uint_t len) {
#ifdef STUCK_INIT
    wait_for_ever();
#endif
    printf("printed by init\n");
    mod->on_message = on_message;
    return len == sizeof(*mod) ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
