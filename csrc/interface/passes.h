/* passes.h - what comes out of a call: how it ended, and what modules sent and logged meanwhile. */
#ifndef MESIBO_PASSES_H
#define MESIBO_PASSES_H

#include "events.h"

#include <stdbool.h>

/* A word of the module struct that the module must not write, and did. */
typedef struct mh_damage {
    const char *field;    /* NULL: no damage. A static string. */
    const char *callback; /* where it was first seen. A static string. */
    size_t offset;     /* in bytes from the start of the struct */
    uint64_t expected, found;
} mh_damage;

typedef enum mh_failure {
    MH_SOUND,
    MH_BAD_CODE,     /* a callback returned what the header does not know */
    MH_DAMAGED,      /* it wrote where it must not */
    MH_UPCALL_FAILED, /* an upcall of the embedder failed while it ran: see mh_pass.errors */
    MH_NO_MEMORY_FOR_IT, /* it was not called: too little memory for a copy of the message */
    MH_REWRITE_LOST      /* it was: too little memory to hand out what it made of the message */
} mh_failure;

/* FIFO of records in one block of memory; only queue.c looks inside. */
typedef struct mh_queue {
    char *bytes;
    size_t capacity, head, tail, limit, count;
    uint64_t dropped;
} mh_queue;

/* What one module returned for a status or call event. `instance` is held (mh_instance_unref). */
typedef struct mh_returned {
    mh_instance *instance;
    int64_t code;
    mh_failure failure;
    mh_damage damage;
} mh_returned;

/* What modules sent and logged during one pass. */
typedef struct mh_mail {
    mh_queue sent, logs;
    mh_returned *returned;
    size_t returned_count, returned_capacity;
} mh_mail;

/* One way through the host, on one thread. Zero it, set `collect`, hand it to an [enters] function.
 * With `collect` what is sent and logged on this thread meanwhile is in `mail` afterwards (NULL:
 * nothing was), for mh_mail_free; without, it goes where mail of other threads goes. */
typedef struct mh_pass {
    bool collect;
    bool lent; /* modules loaded with zero_copy may have the message where it lies */
    bool held; /* the embedder has its own lock (the GIL) all the while: for its upcalls to know */
    mh_mail *mail;
    bool over;         /* of a batch: an upcall wants no row behind this one */
    uint64_t row;      /* of a batch: what is sent and logged has it */
    unsigned failures; /* upcalls that failed: the embedder's upcalls count them (mh_upcall_failed) */
    void *errors;      /* the embedder's, for what an upcall wants to tell the caller */
    void *message;     /* the core's own */
} mh_pass;

typedef struct mh_outcome {
    int result;          /* -1 FAIL, 0 PASS, 1 CONSUMED */
    mh_instance *by;     /* who decided (NULL: all passed); held: mh_instance_unref */
    size_t place;        /* of `by` in the chain */
    mh_instance *failed; /* the first that failed, or NULL; held: mh_instance_unref */
    char *rewritten;     /* the message as modules left it, event->len bytes, yours to free(3); NULL:
                            as it was */
    /* where `failed` is set: */
    mh_failure failure;
    int64_t code; /* MH_BAD_CODE: what it returned */
    mh_damage damage;
} mh_outcome;

typedef enum mh_called {
    MH_CALLED,
    MH_NOT_OPEN, /* the host or the module is closed: `out` says nothing */
    MH_NOT_SET,  /* the module left that slot NULL */
    MH_BUSY,     /* nothing was done: see the functions that may say so */
    MH_NO_ROOM   /* too little memory to say what every module returned */
} mh_called;

void mh_mail_free(mh_mail *mail);
void mh_instance_unref(mh_instance *instance);

/* A sent message and a logged line as they lie in a queue: valid until the queue is popped. */
typedef struct mh_sent {
    uint64_t row; /* of the batch; 0: there was none */
    mh_params params;
    const char *label, *message;
    size_t label_len, len;
} mh_sent;

typedef struct mh_line {
    uint64_t row; /* as mh_sent's */
    const char *label, *text;
    size_t label_len, len;
    uint64_t level;
    int64_t time; /* nanoseconds since 1970 */
    int thread;   /* gettid(2) */
    bool is_report; /* the host's own, of mh_report */
} mh_line;

/* Each record in turn; `*at` is 0 at first. False: there is none any more. */
bool mh_sent_next(const mh_queue *queue, size_t *at, mh_sent *out);
bool mh_sent_front(const mh_queue *queue, mh_sent *out);
bool mh_line_front(const mh_queue *queue, mh_line *out);
/* The one at `*at` (0: the first), which is then behind it; nothing is taken. */
bool mh_line_next(const mh_queue *queue, size_t *at, mh_line *out);
void mh_queue_pop(mh_queue *queue);
void mh_queue_free(mh_queue *queue);

#endif
