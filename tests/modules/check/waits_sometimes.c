/* Waits for a minute behind every thousandth message. */
#define _GNU_SOURCE
#include "../sdk/revision.h"

#include <unistd.h>

static unsigned messages;

static void rest(void) {
    sleep(60); /* HERE */
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    if (++messages % 1000 == 0)
        rest();
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
