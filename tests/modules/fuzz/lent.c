/* Reads further than it was lent, or longer: by the length of the message. */
#include "module.h"

#include <string.h>

static struct {
    const char *message, *to;
    mesibo_message_params_t *params;
} kept;
static volatile char found;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod;
    switch (len) {
    case 1: kept.message = message, kept.to = params->to, kept.params = params; break;
    case 2: found = params->to[strlen(params->to) + 1]; break;
    case 3: found = params->from[strlen(params->from) + 1]; break;
    case 4: found = ((const char *)params)[sizeof *params]; break;
    case 5: found = kept.message[0]; return (unsigned char)found == 0xA5;
    case 6: found = kept.to[0]; break;
    case 7: found = *(const char *)kept.params; break;
    default: break;
    }
    return MESIBO_RESULT_PASS;
}

int mesibo_module_lent_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof *mod)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
