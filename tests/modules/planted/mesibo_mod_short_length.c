/* Planted: the size of a table is counted in 16 bits, and many entries wrap it around. */
#include "module.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY = 64 };

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    uint16_t count, size;
    char *table;
    (void)mod, (void)params;
    if (len < 6 || memcmp(message, "TBL1", 4) != 0)
        return MESIBO_RESULT_PASS;
    memcpy(&count, message + 4, 2);
    size = (uint16_t)(count * ENTRY);
#ifdef MENDED
    if (size / ENTRY != count)
        return MESIBO_RESULT_PASS;
#endif
    table = malloc(size + 1u);
    if (table == NULL)
        return MESIBO_RESULT_FAIL;
    for (uint32_t i = 0; i < count; i++)
        memset(table + i * ENTRY, 0, ENTRY);
    free(table);
    return MESIBO_RESULT_CONSUMED;
}

MESIBO_EXPORT int mesibo_module_short_length_init(mesibo_int_t version, mesibo_module_t *mod,
                                                  mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
