/* trial.h - what the files about trials share: trial.c (the life of one), calls.c (what it is handed),
 * witness.c (what it gives to host functions), network.c (what it asks of the network). */
#ifndef MESIBO_TRIAL_H
#define MESIBO_TRIAL_H

#include "../requests.h"

enum { TRIAL_MISUSES = 256 };

/* A request that nobody has answered to its end. */
typedef struct trial_asked {
    struct trial_asked *next;
    mh_request *request; /* held */
    bool shut;           /* a socket: the module closed it */
} trial_asked;

/* One answer of a plan, as the module will see it. */
typedef struct trial_step {
    mh_step step;
    mh_guarded *data, *type; /* where they lie, or NULL */
    bool seal;
} trial_step;

struct mh_trial {
    mh_instance *instance;
    void *entry;
    mh_guarded *structure; /* the module struct */
    void *before;          /* what it was before init */
    pthread_mutex_t lock;  /* guards `placed` and `misuses`: modules have threads */
    mh_guarded *placed;    /* for all calls so far, the last first */
    mh_event event;        /* of the next call */
    void *lent;            /* its params or its user, in the view of the module; or NULL */
    uint64_t flags;        /* of its message */
    char *address;         /* of a login */
    mh_user user;
    bool leaves;           /* its requests have ended, cleanup is next */
    _Atomic bool ended;    /* its cleanup has returned */
    mh_misuse *misuses;    /* TRIAL_MISUSES of them, or NULL */
    size_t misuse_count;
    trial_asked *asked;    /* the oldest first */
    trial_step *plan;      /* for the next request that is played to */
    size_t plan_size;
    uint64_t synchronous;  /* requests, so far */
};

/* Around everything that may run code of the module. */
void trial_enter(mh_trial *trial, mh_frame *frame, mh_pass *pass, const mh_event *event);
void trial_leave(mh_trial *trial, const mh_frame *frame);

/* A copy as the module sees it; NULL: no memory. */
void *trial_place(mh_trial *trial, const char *name, const void *bytes, size_t len, mh_place place,
                  bool read_only);
/* All but so many, the latest. */
void trial_free_placed(mh_trial *trial, size_t keep);

/* For mh_hooks; `context` is the trial. */
bool trial_witness(void *context, mh_instance *from, const mh_given *given);
void trial_answer(void *context, mh_request *request);

/* What is still open ended before. */
void trial_forget_asked(mh_trial *trial);

#endif
