/* gate.c - the one gate of the process between modules' threads and the embedder. */
#define _GNU_SOURCE
#include "core.h"

#include <unistd.h>

static _Atomic int inside;
_Atomic bool mh_gate_closed;
static pthread_t closer;
static _Thread_local int depth; /* how often this thread is inside */

bool mh_gate_enter(void) {
    inside++;
    if (mh_gate_closed && !pthread_equal(closer, pthread_self())) {
        inside--;
        return false;
    }
    depth++;
    return true;
}

void mh_gate_leave(void) {
    depth--;
    inside--;
}

void mh_gate_forked(void) { inside = depth; }

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
    inside -= depth; /* this thread is no other */
    bool left = mh_drain(&inside, seconds);
    inside += depth;
    return left;
}
