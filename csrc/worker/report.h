/* report.h - what the files share that write the report of a module's end: crash.c (who ends, and how),
 * machine.c (what the registers say), frames.c (where it was), exception.c (what of C++ nobody caught),
 * debugger.c (whoever wants to look first). All but what prepares runs in handlers of signals. */
#ifndef MESIBO_WORKER_REPORT_H
#define MESIBO_WORKER_REPORT_H

#include "worker.h"

#include <string.h>
#include <ucontext.h>

/* ---- machine.c ------------------------------------------------------------------------------------------ */

void machine_take(mh_crash *crash, const ucontext_t *context);
/* A jump to where no code is: on with the frame of who jumped. Returns its address. */
uint64_t machine_leave_wild_frame(ucontext_t *context);

/* ---- frames.c ------------------------------------------------------------------------------------------- */

/* In the zygote: what the unwinder loads the first time, and a fork keeps. */
void frames_prepare(void);
/* Of the thread that serves turns: callbacks are below. */
void frames_begin_at(uint64_t stack);
/* From a fault on, whose context may be changed. */
void frames_take(mh_crash *crash, ucontext_t *context);
/* From the caller on. */
void frames_take_callers(mh_crash *crash);
/* Better than nothing, where the frames are gone. */
void frames_look_for_callers(mh_crash *crash);
/* Where this thread is in the unwinder, which faulted, back out of it. */
void frames_jump_out(void);

/* ---- exception.c ---------------------------------------------------------------------------------------- */

/* The name of the type that std::terminate was called for, which is among the frames then. */
void exception_take(mh_crash *crash);

/* ---- debugger.c ----------------------------------------------------------------------------------------- */

/* Where the host wants one: tells it, and waits until a debugger has this thread, or is not wanted any more
 * (false). */
bool debugger_stops(pid_t worker);

/* ---- Texts ------------------------------------------------------------------------------------------------ */

/* Cut, and with a NUL. Not strncpy: the compiler fears for that. */
static inline void copy_text(char *to, size_t size, const char *from) {
    size_t len = strnlen(from, size - 1);
    memcpy(to, from, len);
    to[len] = '\0';
}

#endif
