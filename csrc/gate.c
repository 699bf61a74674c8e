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

static pthread_key_t at_end;
static bool has_key;
static _Thread_local void (*on_end)(void *);

static void end_thread(void *data) { on_end(data); }
static void make_key(void) { has_key = pthread_key_create(&at_end, end_thread) == 0; }

/* Where there is no key left nobody is told, and what the embedder keeps for the thread stays. */
void mh_at_thread_end(void (*ended)(void *), void *data) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    mh_thread_known = true;
    if (ended == NULL)
        return;
    pthread_once(&once, make_key);
    on_end = ended;
    if (has_key)
        (void)pthread_setspecific(at_end, data);
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
