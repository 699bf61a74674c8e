/* Planted: behind a magic word, a length that must be right, and a checksum, in a buffer too small. */
#include "module.h"

#include <string.h>

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    const unsigned char *bytes = (const unsigned char *)message;
    char body[16];
    unsigned size, sum, expected = 0;
    (void)mod, (void)params;
    if (len < 8 || memcmp(message, "PKT\x01", 4) != 0)
        return MESIBO_RESULT_PASS;
    size = bytes[4] | (unsigned)bytes[5] << 8;
    if (size != len - 8)
        return MESIBO_RESULT_PASS;
    sum = bytes[6] | (unsigned)bytes[7] << 8;
    for (unsigned i = 0; i < size; i++)
        expected = expected * 31 + bytes[8 + i];
    if (sum != (expected & 0xFFFF))
        return MESIBO_RESULT_PASS;
#ifdef MENDED
    if (size > sizeof body)
        return MESIBO_RESULT_PASS;
#endif
    memcpy(body, message + 8, size);
    return body[0] == 'c' ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_stages_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "stages";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
