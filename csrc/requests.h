/* requests.h - what the files about requests share: request.c (one of them), dispatcher.c (its
 * answers), sockets.c (what only sockets do), requests.c (the lot of a host). */
#ifndef MESIBO_REQUESTS_H
#define MESIBO_REQUESTS_H

#include "core.h"

typedef struct delivery {
    struct delivery *next;
    mh_request *request;
    mh_answer answer; /* its pointers: into `bytes` */
    char bytes[];
} delivery;

typedef struct delivery_list {
    delivery *first, *last;
} delivery_list;

struct mh_request {
    mh_request *next_open, *previous_open;
    mh_request *next_command;
    mh_request *next_socket; /* in the table of sockets.c */
    _Atomic int refs;
    _Atomic bool over; /* whoever sets it makes the last call */
    _Atomic size_t backlog;
    size_t pause_size; /* 0: not paused. With the lock. */
    unsigned wants;    /* commands not taken yet, as bits. With the lock. */
    bool listed;       /* among the commands. With the lock. */
    bool shut;         /* a socket: its module closed it. With the lock. */
    bool ending;       /* a synchronous one: its module is being closed. With the lock. */
    bool started;      /* MH_START was taken. With the lock. */
    mh_bytes *first_out, *last_out; /* a socket's bytes not taken yet. With the lock. */
    size_t out_size;
    size_t out_taken; /* bytes taken since everything had gone out. With the lock. */
    uint64_t id;
    mh_instance *instance;
    mh_what what;
    size_t size; /* of `texts` */
    mh_receiver receiver;
    delivery_list own; /* a synchronous request: its answers. With the lock. */
    delivery *taken;   /* whose answers are taken: the one that the module has. With the lock. */
    bool told_last;    /* and the last was taken, and is not confirmed. For who takes them. */
    delivery *spare;   /* for a failure that must get through when memory is short */
    char texts[];
};

struct mh_requests {
    mh_host *host;
    pthread_mutex_t lock;
    pthread_cond_t work, idle, own;
    mh_request *open;
    size_t open_count;
    mh_request *first_command, *last_command;
    delivery_list deliveries;
    pthread_t dispatcher;
    bool dispatching, stopping;
    bool orphaned; /* the host went away on the dispatcher itself: it frees this when it ends */
    uint64_t refused;
};

/* ---- request.c ------------------------------------------------------------------------------------- */

/* A copy of what is asked, with one reference; NULL: `why` says why not. */
mh_request *mh_request_copy(const mh_what *what, const char **why);
/* The same of what was packed: see mh_submit_packed. */
mh_request *mh_request_unpack(const mh_what *what, const char *texts, size_t size, const char **why);
/* Of a copy that was never submitted. */
void mh_request_discard(mh_request *request);
/* With the lock held: a command for whoever serves. It waits in the request itself, so that none is
 * lost for memory. */
void mh_request_want(mh_requests *requests, mh_request *request, mh_command_kind kind);
/* Behind the last call: forget it. */
void mh_request_finish(mh_requests *requests, mh_request *request);
/* Tells whoever serves that nobody wants it any more. */
void mh_request_cancel(mh_requests *requests, mh_request *request);

/* Whether no other follows it. */
static inline bool mh_answer_is_last(const mh_answer *answer) {
    return answer->kind == MH_ANSWER_FAILED || answer->kind == MH_ANSWER_CLOSED ||
           answer->kind == MH_ANSWER_CANCELLED ||
           (answer->kind == MH_ANSWER_BODY && answer->progress == 100);
}

/* ---- dispatcher.c ---------------------------------------------------------------------------------- */

/* With the lock held. False: no thread could be made. */
bool mh_dispatcher_start(mh_requests *requests);
/* Ends the thread, when it has delivered what waits. False: this is that thread, and it frees
 * `requests` itself (mh_requests_release) when it ends. */
bool mh_dispatcher_stop(mh_requests *requests);
void mh_requests_release(mh_requests *requests);
/* Makes one call of its sink, here, with what the answer points to as it is; the instance is entered. */
void mh_request_deliver(mh_requests *requests, mh_request *request, const mh_answer *answer);
/* Calls the sink of a synchronous request here until its last answer, or until it is `ending`. */
void mh_dispatch_here(mh_requests *requests, mh_request *request);
/* With the lock held: whoever waits for its answers looks again. */
void mh_wake_own(mh_requests *requests, const mh_request *request);
/* Of a synchronous request that is over: what came and nobody takes any more. */
void mh_drop_own(mh_requests *requests, mh_request *request);

/* ---- sockets.c ------------------------------------------------------------------------------------- */

/* Bytes to be written, read without faulting; NULL: they are too many or cannot be read, which is
 * reported. */
mh_bytes *mh_bytes_copy(mh_instance *about, const char *data, size_t size);
/* Gives a socket its number; false: they are used up. */
bool mh_socket_register(mh_request *request);
void mh_socket_forget(mh_request *request);

#endif
