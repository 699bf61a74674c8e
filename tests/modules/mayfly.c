/* Ends by itself within three milliseconds of its init, at any moment: by a timer, and by SIGKILL, which nothing
 * in the process can put off, as ThreadSanitizer does with other signals. */
#define _POSIX_C_SOURCE 200809L
#include "module.h"

#include <signal.h>
#include <sys/random.h>
#include <time.h>

MESIBO_EXPORT int mesibo_module_mayfly_init(mesibo_module_t *mod, mesibo_uint_t len) {
    unsigned short chance = 0;
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    struct itimerspec after = {{0, 0}, {0, 100000}};
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "mayfly";
    if (getrandom(&chance, sizeof chance, 0) == sizeof chance)
        after.it_value.tv_nsec += chance % 2900 * 1000;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &after, NULL) != 0)
        return MESIBO_RESULT_FAIL;
    return MESIBO_RESULT_OK;
}
