/* hosts.h - a host: how it is made and ended, the mail that nobody waits for, its trace, and the way of an
 * event into it. */
#ifndef MESIBO_HOSTS_H
#define MESIBO_HOSTS_H

#include "crash.h"
#include "crossing.h"
#include "passes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mh_given; /* services.h */

/* Upcalls into the embedder; each may be NULL. They run on the thread of the module that called,
 * often with the host's lock held, so they must not wait for a thread that is about to enter. */
typedef struct mh_hooks {
    void *context;
    /* Instead of the outbox: the value goes back to the module. Valid for the call. */
    int64_t (*send)(void *context, mh_instance *from, const mh_params *params, const char *message,
                    size_t len);
    /* Instead of the log ring. */
    int64_t (*log)(void *context, const mh_line *line);
    /* The first command is waiting (mh_take_command) and nobody serves yet; once a host. */
    bool (*serve)(void *context);
    const char *no_service; /* why there is no `serve`, for the log; NULL: no reason known */
    /* The process of an isolated module ended; `event` was under way there (NULL: none), and is not tried
     * again. `crash` NULL: it was not called, because it ended before and is not started again. */
    void (*ended)(void *context, mh_instance *instance, const mh_event *event,
                  const mh_crash *crash);
    /* The process of an isolated module is about to end, and is kept as it is until this returns: for a
     * debugger. On a thread that has no lock. NULL: it ends at once. */
    void (*stopped)(void *context, mh_instance *instance, int process, int thread);
    /* Around a wait inside of a host function: let go what others may need, and take it back. */
    void *(*let_go)(void *context);
    void (*take_back)(void *context, void *token);
    /* For trials. Told of what a module gives to a host function before the core looks at it; false: the
     * core leaves it alone, and the module gets -1. Any thread. */
    bool (*witness)(void *context, mh_instance *from, const struct mh_given *given);
    /* For those who play a network: answers a synchronous request to its end, instead of the wait for its answers. */
    void (*answer)(void *context, mh_request *request);
} mh_hooks;

typedef struct mh_limits {
    size_t outbox_bytes, log_bytes; /* of mail that nobody has taken yet */
    size_t requests;                /* open at once */
} mh_limits;

/* NULL with errno set when memory or descriptors are short. */
mh_host *mh_host_new(const mh_hooks *hooks, const mh_limits *limits, bool pass_on_failure);
/* Ends the host's threads and its trace; every module must be closed before. Does nothing on the
 * dispatcher's thread. */
void mh_host_stop(mh_host *host);
/* Every module must be closed before. Ends the host's thread. */
void mh_host_free(mh_host *host);
/* No more events, loads and requests; waits for none of those under way. */
void mh_host_refuse(mh_host *host);
/* From here on calls of isolated modules that do not return soon are ended, whatever their deadline is. */
void mh_host_hurry(mh_host *host);

/* False in a child of fork(2): its locks and threads are the parent's, nothing may be called. Also
 * told by mh_generation, which is another there than when the host was made. */
bool mh_host_here(const mh_host *host);
extern unsigned mh_generation;

/* Takes what was sent or logged outside of any collecting pass. `out` is the caller's to free. */
void mh_take_sent(mh_host *host, mh_queue *out);
void mh_take_logs(mh_host *host, mh_queue *out);
/* How many were dropped of that since it was last taken. */
void mh_dropped_since(mh_host *host, uint64_t *sent, uint64_t *logs);
uint64_t mh_refused_requests(mh_host *host);

/* Keeps how long callbacks take, of modules that are loaded from now on. */
void mh_host_time(mh_host *host);

/* Writes each crossing of modules that are loaded from now on to a file, which is the host's to close: as
 * lines of JSON, or as events of Chrome's trace format. False: no memory, and nothing is written. */
typedef enum mh_trace_form { MH_TRACE_LINES, MH_TRACE_EVENTS } mh_trace_form;
bool mh_host_trace(mh_host *host, int fd, mh_trace_form form);

/* How many were written so far, how many were not, and an errno: why nothing more is written; 0: it is. */
typedef struct mh_traced {
    uint64_t crossings, dropped;
    int error;
} mh_traced;
void mh_host_traced(const mh_host *host, mh_traced *out);

/* Of an isolated module whose process ended: its last crossings, oldest first; in an upcall of `ended`. */
const mh_crossing *mh_last_crossings(const mh_instance *instance, size_t *count);

/* Of one that is down, there as well: whether it is because its init, called again, refused, and with which
 * code. */
bool mh_restart_refused(const mh_instance *instance, int64_t *code);

/* [enters] A message through the chain. `event` is given back as it was; it changes meanwhile. */
mh_called mh_process(mh_host *host, mh_event *event, mh_pass *pass, mh_outcome *out);
/* The same without a wait, for an embedder that holds a lock of its own meanwhile (the GIL). MH_BUSY:
 * somebody else has the host's lock, or a native module of the chain was not loaded with hold_gil. */
mh_called mh_try_process(mh_host *host, mh_event *event, mh_pass *pass, mh_outcome *out);
/* [enters] A status or call event to `only`, or to all (NULL). Results are in pass->mail->returned.
 */
mh_called mh_notify(mh_host *host, const mh_event *event, mh_instance *only, mh_pass *pass);
/* [enters] One callback of one module. */
mh_called mh_call(mh_instance *instance, mh_event *event, mh_pass *pass, mh_outcome *out);
/* The same without a wait. MH_BUSY: somebody else has the host's lock. */
mh_called mh_try_call(mh_instance *instance, mh_event *event, mh_pass *pass, mh_outcome *out);

#endif
