/* ended.c - the end of the process, which is not the module's to bring about. It is linked so that what it
 * calls for that comes here; what a library calls that it uses is seen when the process exits. One that it
 * has forked may end as it likes, and so may this one where no case is run. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

static pid_t process;

static void report(int code) {
    fuzz_report("exit", "the module ended the process, with status %d", code);
}

/* Returns where that is nobody's business. */
static void tell(int code) {
    if (getpid() != process || !fuzz_is_running())
        return;
    fuzz_give_up("exit");
    report(code);
}

#define WRAP(name) \
    EXPORTED _Noreturn void __wrap_##name(int code); \
    EXPORTED _Noreturn void __wrap_##name(int code) { \
        tell(code); \
        name(code); \
    }
WRAP(exit)
WRAP(_exit)
WRAP(_Exit)
WRAP(quick_exit)

static void at_exit(int code, void *nothing) {
    (void)nothing;
    if (getpid() != process) { /* what libFuzzer does at an exit is not for that one */
        fflush(NULL);
        _exit(code);
    }
    if (fuzz_is_running())
        report(code);
    fuzz_set_state(FUZZ_FINISHED);
}

void fuzz_end_watch(void) {
    static bool watched;
    process = getpid();
    if (!watched && on_exit(at_exit, NULL) != 0)
        abort();
    watched = true;
}
