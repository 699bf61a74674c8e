/* A timer of its own logs each millisecond, on threads that libc makes for it: also after close. */
#define _POSIX_C_SOURCE 200809L
#include "module.h"

#include <signal.h>
#include <time.h>

static void tick(union sigval value) {
    mesibo_module_t *mod = value.sival_ptr;
    mod->log(mod, 1, "tick");
}

int mesibo_module_timer_init(mesibo_module_t *mod, mesibo_uint_t len) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_ptr = mod};
    struct itimerspec each = {.it_value.tv_nsec = 1000000, .it_interval.tv_nsec = 1000000};
    timer_t timer;
    event.sigev_notify_function = tick;
    if (len != sizeof(*mod) || timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        return MESIBO_RESULT_FAIL;
    return timer_settime(timer, 0, &each, NULL) == 0 ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
