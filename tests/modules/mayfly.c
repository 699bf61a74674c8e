/* Ends by itself within three milliseconds of its init, at any moment. */
#include "module.h"

#include <sys/random.h>
#include <sys/time.h>

MESIBO_EXPORT int mesibo_module_mayfly_init(mesibo_module_t *mod, mesibo_uint_t len) {
    unsigned short chance = 0;
    struct itimerval after = {{0, 0}, {0, 100}};
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "mayfly";
    if (getrandom(&chance, sizeof chance, 0) == sizeof chance)
        after.it_value.tv_usec += chance % 2900;
    if (setitimer(ITIMER_REAL, &after, NULL) != 0)
        return MESIBO_RESULT_FAIL;
    return MESIBO_RESULT_OK;
}
