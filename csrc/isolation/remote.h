/* remote.h - what the files about modules in processes of their own share: remote.c (such a module as a
 * revision of the core), turns.c (giving the worker a turn), ahead.c (many rows of a batch in one),
 * incoming.c (what it sends, logs and asks for), answers.c (of its requests), keeper.c (its life),
 * ended.c (its end), listener.c (its own threads). */
#ifndef MESIBO_REMOTE_H
#define MESIBO_REMOTE_H

#include "../core.h"
#include "channel.h"
#include "load_record.h"

#include <sys/types.h>

enum { MH_MOST_AHEAD = 256 };

typedef struct mh_ahead_row {
    uint64_t row; /* of the batch */
    size_t at;    /* in the requests */
} mh_ahead_row;

/* The time that a worker may take for a turn. Its own: not that of handlers which the host calls for it, nor
 * of the network. */
typedef struct mh_patience {
    double seconds, left; /* for the turn, or for each row of a batch; 0: no bound */
    double since;         /* when it was last counted */
    uint64_t rows;        /* that were done then */
} mh_patience;

/* A turn of the worker. */
typedef struct mh_turn {
    int64_t code;
    bool rewritten;
    bool paused; /* in the middle of a batch: it asks for something, and waits: mh_remote_resume */
    /* turns.c's own: */
    bool resumed, nonsense;
    mh_order order;
    uint32_t life;
    size_t request_at;
    mh_patience patience;
} mh_turn;

/* Rows of a batch that the worker is ahead of the chain by: `asked` 0: none. */
typedef struct mh_ahead {
    uint64_t asked, done, taken;
    size_t end; /* of them in the requests */
    bool ended; /* in the row behind those that are done */
    mh_ahead_row rows[MH_MOST_AHEAD];
    mh_turn turn; /* paused: in the row behind those that are done, when that has its time */
} mh_ahead;

struct mh_remote {
    mh_instance *instance;
    mh_channel *channel;
    mh_isolation how;
    pid_t zygote;
    int memory;  /* the file of the channel, for another zygote */
    int control; /* closed: all of it ends */
    char *load;  /* what is told to each new worker */
    size_t load_size;
    uint32_t seen; /* of to_host */
    bool requested; /* the last question was for a request */
    bool up;       /* the worker is there, for all we know */
    bool loading;  /* its init was ordered, and has not answered */
    bool hung, scribbled; /* why we had it ended */
    bool heard;    /* from the zygote, that it ended */
    mh_gone gone; /* then */
    char name[MH_NAME_ROOM]; /* a copy of what the module calls itself */
    int depth;     /* turns under way, inside of each other */
    size_t used;   /* of the requests */
    size_t mail_head, mail_most;
    int delivering; /* records that are being given to the host: they may not be overwritten */
    uint32_t life;  /* counts workers */
    _Atomic uint32_t alive; /* the one that may ask for something; 0: none */
    double *restarts; /* when the last ones were, in turn; NULL: nobody counts */
    unsigned restart_count;
    uint32_t ends;  /* how often one ended and was mourned */
    bool refused;   /* the last restart behind that, by its init, */
    int64_t refused_code; /* which returned this */
    mh_crash crash; /* the last */
    mh_crossing crossings[MH_LAST_CROSSINGS]; /* before it */
    size_t crossing_count;
    mh_source source; /* of its crossings */
    mh_damage damage; /* field NULL: none */
    mh_ahead ahead;
    unsigned alone; /* so many rows go one by one, since it asked for something in the middle of many */
    pthread_t listener;
    bool listening;
    uint32_t outside_seen; /* where the listener begins */
    _Atomic bool stopping;
    mh_remote *next; /* of all in the process */
};

/* ---- turns.c: all with the host's lock ----------------------------------------------------------------- */

/* Gives the worker a turn, and serves what it asks meanwhile; `seconds` of its own time at most (0: no
 * bound). False: it ended; it, or what it shares with us, cannot be used any more. */
bool mh_remote_turn(mh_remote *remote, mh_order order, size_t request_at, double seconds,
                    mh_turn *out);
/* Goes on with one that is paused, to the end of the row. */
bool mh_remote_resume(mh_remote *remote, mh_turn *turn);
/* Whether it ended without being asked to. */
bool mh_remote_is_gone(const mh_remote *remote);

/* What it said of its struct, in the last turn. */
void mh_remote_take_damage(mh_remote *remote);
/* Has it ended by a command of the zygote's, and waits for that. */
void mh_remote_end_worker(mh_remote *remote, char command);

/* ---- incoming.c ------------------------------------------------------------------------------------------ */

/* Gives all whole records of the mail to the host, in order. `*result` is what came of the last. False:
 * there is no sense in them. */
bool mh_remote_take_mail(mh_remote *remote, int64_t *result);
/* Those of rows of a batch up to this one, counted from the first that was asked for. */
void mh_remote_take_row_mail(mh_remote *remote, uint64_t row);
/* One record, of a region of its own. */
int64_t mh_remote_take_outside(mh_remote *remote);
/* How much the module may send without asking. */
uint64_t mh_remote_room(mh_remote *remote);

/* ---- keeper.c ---------------------------------------------------------------------------------------------- */

/* Makes the process that forks workers. NULL: `why` (of `size` bytes) says why not. */
mh_remote *mh_remote_new(mh_instance *instance, const mh_load *what, char *why, size_t size);
/* A new worker, without a module yet; of another zygote, where that was killed. */
void mh_remote_start(mh_remote *remote);
/* Starts it again if that is allowed and not told not to. False: it is down. */
bool mh_remote_revive(mh_remote *remote);
/* With the lock held, outside of any call: looks whether it ended, and does what is to be done then. */
void mh_remote_notice(mh_remote *remote);
bool mh_remote_command(const mh_remote *remote, char command);
/* Whether the zygote says that the worker has ended, in so many seconds. Where there is no zygote any more,
 * it has. */
bool mh_remote_hears_end(mh_remote *remote, double seconds);
/* Whether somebody stopped the zygote. */
bool mh_remote_zygote_stands(const mh_remote *remote);
/* Whether the zygote itself is gone: then nobody else says so. */
void mh_remote_look_after(mh_remote *remote);

/* ---- ended.c ------------------------------------------------------------------------------------------------ */

/* After mh_remote_turn failed: how it ended, told to the embedder; `event` was under way (or NULL). */
void mh_remote_mourn(mh_remote *remote, const mh_event *event);
/* The same again, for an event that was under way around another. */
void mh_remote_mourn_again(mh_remote *remote, const mh_event *event);
/* Without any lock: shows the embedder a worker that has stopped, and releases it. */
void mh_remote_show(mh_remote *remote);
/* A message for a module that is down. */
void mh_remote_tell_down(mh_remote *remote, const mh_event *event);

/* ---- remote.c ------------------------------------------------------------------------------------------------ */

/* How a call lies in the requests: its size, where the message is, and the writing of it. */
size_t mh_remote_call_size(const mh_event *event);
size_t mh_remote_message_offset(const mh_event *event);
void mh_remote_write_call(char *at, const mh_event *event);
/* The module's init in a new worker. */
bool mh_remote_load(mh_remote *remote, mh_refusal *refusal);

/* ---- ahead.c --------------------------------------------------------------------------------------------- */

/* The row of the batch that the worker calls by an index, which it may have written over. */
uint64_t mh_ahead_row_of(const mh_remote *remote, uint64_t index);
/* What the worker made of the next row. */
int64_t mh_ahead_take(mh_remote *remote, const mh_event *event);

/* ---- answers.c --------------------------------------------------------------------------------------- */

/* A request of the worker's, for the host's own service. */
int64_t mh_remote_submit(mh_remote *remote, const mh_mail_record *record, const char *what,
                         const char *texts, bool outside);

/* ---- listener.c ------------------------------------------------------------------------------------------------ */

bool mh_listener_start(mh_remote *remote);
void mh_listener_stop(mh_remote *remote);

#endif
