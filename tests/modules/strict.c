/* Was made for another LEN, SIGNATURE or VERSION, and says so. */
#include "module.h"

#ifndef LEN
#define LEN sizeof(mesibo_module_t)
#endif
#ifndef SIGNATURE
#define SIGNATURE MESIBO_MODULE_SIGNATURE
#endif
#ifndef VERSION
#define VERSION MESIBO_MODULE_VERSION
#endif

static int mismatch(mesibo_module_t *mod, const char *what, mesibo_uint_t expected,
                    mesibo_uint_t found) {
    mod->log(mod, 0, "%s mismatch: expected %" PRIuPTR ", found %" PRIuPTR, what, expected, found);
    return MESIBO_RESULT_FAIL;
}

int mesibo_module_strict_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != LEN)
        return mismatch(mod, "size", LEN, len);
    if (mod->signature != SIGNATURE)
        return mismatch(mod, "signature", SIGNATURE, mod->signature);
    if (mod->version != VERSION)
        return mismatch(mod, "version", VERSION, mod->version);
    return MESIBO_RESULT_OK;
}
