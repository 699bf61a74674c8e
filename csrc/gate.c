/* gate.c - the one gate of the process between modules' threads and the embedder. */
#define _GNU_SOURCE
#include "core.h"

#include <unistd.h>

static _Atomic int inside; /* threads */
_Atomic bool mh_gate_closed;
static pthread_t closer;
static _Thread_local int depth; /* how often this one is */

bool mh_gate_enter(void) {
    if (depth > 0) { /* counted already */
        depth++;
        return true;
    }
    inside++;
    if (mh_gate_closed && !pthread_equal(closer, pthread_self())) {
        inside--;
        return false;
    }
    depth++;
    return true;
}

void mh_gate_leave(void) {
    if (--depth == 0)
        inside--;
}

void mh_gate_forked(void) { inside = depth > 0; }

/* ---- Threads that have come up before ------------------------------------------------------------ */

_Thread_local bool mh_thread_known;

/* What C++ does for thread_local objects. Not a key of pthread's: when the destructors of those run,
 * the keys of others, the embedder's among them, may have been cleared already. */
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *) __attribute__((weak));
extern void *__dso_handle;

bool mh_at_thread_end(void (*ended)(void *), void *data) {
    mh_thread_known = true;
    return ended == NULL || (__cxa_thread_atexit_impl != NULL &&
                             __cxa_thread_atexit_impl(ended, data, &__dso_handle) == 0);
}

/* ---- The end ------------------------------------------------------------------------------------- */

bool mh_gate_bars(void) {
    return mh_gate_closed && depth == 0 && !pthread_equal(closer, pthread_self());
}

void mh_gate_wait(void) {
    while (mh_gate_bars())
        pause();
}

bool mh_gate_close(double seconds) {
    closer = pthread_self();
    mh_gate_closed = true;
    inside -= depth > 0; /* this thread is no other */
    bool left = mh_drain(&inside, seconds);
    inside += depth > 0;
    return left;
}
