/* Plays the host of an init that begins with the sanity check: prints what it logs and returns.
 * Arguments: version, len, signature (0 for the right one). */
#include "module.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

mesibo_int_t mesibo_log(mesibo_module_t *mod, mesibo_uint_t level, const char *format, ...) {
    va_list args;
    (void)mod;
    printf("log %d: ", (int)level);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    return MESIBO_RESULT_OK;
}

static int as_int(mesibo_int_t version, mesibo_module_t *mod, mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    return 7;
}

/* Some declare what they are given without a sign, and have other names for it. */
static mesibo_int_t as_word(mesibo_uint_t v, mesibo_module_t *m, mesibo_uint_t size) {
    if (size)
        MESIBO_MODULE_SANITY_CHECK(m, v, size);
    else
        return MESIBO_RESULT_FAIL;
    return 7;
}

int main(int count, char **arguments) {
    static mesibo_module_t whole;
    mesibo_module_t *mod = &whole;
    if (count != 4)
        return 2;
    mesibo_int_t version = atol(arguments[1]), len = atol(arguments[2]);
    whole.signature = strtoul(arguments[3], NULL, 16);
    if (whole.signature == 0)
        whole.signature = MESIBO_MODULE_SIGNATURE;
    /* Where version or size differ, nobody knows what lies there: it must not be looked into. */
    if (version != MESIBO_MODULE_VERSION || len != sizeof(whole))
        mod = NULL;
    printf("%d\n", as_int(version, mod, len));
    printf("%d\n", (int)as_word((mesibo_uint_t)version, mod, (mesibo_uint_t)len));
    return 0;
}
