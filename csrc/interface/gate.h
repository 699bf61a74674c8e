/* gate.h - an embedder that ends before its modules' threads do keeps its upcalls behind this gate: one for
 * the process. Closed, it lets only the closing thread through. */
#ifndef MESIBO_GATE_H
#define MESIBO_GATE_H

#include <stdbool.h>

extern _Atomic bool mh_gate_closed; /* for good, once it is */
bool mh_gate_enter(void);
void mh_gate_leave(void);
/* Marks this thread as known to the embedder. `ended(data)` is called when the thread ends, on it;
 * NULL: nothing is. False: that cannot be done. */
bool mh_at_thread_end(void (*ended)(void *data), void *data);
extern _Thread_local bool mh_thread_known;
/* Waits for other threads that are inside; false: some still are after `seconds`. */
bool mh_gate_close(double seconds);
/* Whether the gate is closed and this thread outside of it: what it gets from the core then means
 * nothing any more. */
bool mh_gate_bars(void);
/* Such a thread stays here until the process ends. Any other returns at once. */
void mh_gate_wait(void);

#endif
