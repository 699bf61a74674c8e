/* Sound: keeps the last three thousand messages, and frees each when it has no room for it any more. */
#include "../sdk/revision.h"

enum { ROOM = 3000 };

static char *kept[ROOM];
static size_t next;

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    char *copy = malloc(len + 1);
    if (copy == NULL)
        return MESIBO_RESULT_FAIL;
    if (len > 0)
        memcpy(copy, message, len);
    free(kept[next % ROOM]);
    kept[next++ % ROOM] = copy;
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    for (size_t i = 0; i < ROOM; i++) {
        free(kept[i]);
        kept[i] = NULL;
    }
    return MESIBO_RESULT_OK;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
