/* Counts characters by the first byte of each, and reads them whole. */
#include "module.h"

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    mesibo_uint_t sum = 0, at = 0;
    while (at < len) {
        unsigned char first = (unsigned char)message[at];
        int size = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        for (int i = 0; i < size; i++)
            sum += (unsigned char)message[at + i]; /* HERE */
        at += size;
    }
    return sum == 1;
}

MESIBO_EXPORT int mesibo_module_trusts_utf8_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
