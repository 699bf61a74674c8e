/* loads.h - modules: what is loaded and how, why it was refused, and what can be asked of it. */
#ifndef MESIBO_LOADS_H
#define MESIBO_LOADS_H

#include "passes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A module whose callbacks are the embedder's: a real module struct, its slots filled with
 * trampolines that end here. `on_event` answers with a result code. All with the lock held. */
typedef struct mh_script {
    void *self;
    uint32_t events; /* bit 1 << mh_event_kind: this slot is set; the others stay NULL */
    uint64_t flags;
    int64_t (*init)(void *self, mh_instance *instance);
    int64_t (*on_event)(void *self, const mh_event *event);
    int64_t (*cleanup)(void *self);
} mh_script;

typedef struct mh_item {
    const char *name, *value;
} mh_item;

/* What a file is at one moment: another one is another file, or the same one changed. */
typedef struct mh_file {
    uint64_t device, inode;
    int64_t size, seconds, nanoseconds; /* when it was changed */
} mh_file;

bool mh_file_now(const char *path, mh_file *out);

/* What the worker of such a module may take; 0: no bound. */
typedef struct mh_worker_limits {
    uint64_t memory;     /* bytes of private memory that can be written to */
    uint64_t cpu_time;   /* seconds of the processor, of each process */
    uint64_t open_files; /* descriptors, beside those that an empty worker has */
    bool no_network;
} mh_worker_limits;

/* For a module in a process of its own. */
typedef struct mh_isolation {
    const char *worker;            /* the program, of worker/ */
    double deadline, init_deadline; /* seconds for each call; 0: no bound */
    unsigned restarts;             /* at most so many in `period` seconds; UINT_MAX: no bound */
    double period;
    mh_worker_limits limits;
    bool bare; /* no NUL behind messages and answers: the page that nobody may touch begins there */
} mh_isolation;

typedef struct mh_load {
    const char *label;    /* the name in the host */
    const char *path;     /* the library; NULL for a script */
    const mh_file *file;  /* NULL, or what `path` was just now: the file that the caller has read */
    const char *entry;    /* the symbol of its init */
    const char *revision; /* of mh_revision_name */
    const char *otherwise; /* NULL, or the revision to offer when the init refuses the first */
    const mh_script *script;
    const mh_isolation *isolation; /* NULL: in this process */
    const mh_item *items; /* of its configuration */
    size_t item_count;
    void *tag;          /* the embedder's object: mh_tag */
    uint64_t log_level; /* lines above it are suppressed */
    bool thread_safe;   /* enter without the lock */
    bool hold_gil;      /* it may be called by mh_try_process */
    bool zero_copy;     /* it gets the messages of columns where they lie, with no NUL behind them; a
                           revision that may rewrite them never does */
    bool keep_mapped;   /* it makes threads of its own: never unmap it, never free its struct */
    bool has_synchronous; /* sdk2019: its module_http_option_t has that word */
    bool guessed;       /* the revision is a guess: try the init in a child process first */
} mh_load;

typedef enum mh_refusal_kind {
    MH_ACCEPTED,
    MH_NO_MEMORY,
    MH_HOST_CLOSED,
    MH_NO_SUCH_REVISION,
    MH_NOT_OPENED,    /* text: the dynamic linker's words */
    MH_NO_ENTRY,      /* text: the dynamic linker's words */
    MH_GUESS_CRASHED, /* code: the signal; 0: it did not return in time */
    MH_INIT_REFUSED,  /* code: what init returned */
    MH_INIT_FAILED,   /* an upcall failed during init */
    MH_INIT_DAMAGED,  /* damage */
    MH_BAD_SLOT,      /* damage.field: a callback that points at no code; found: its value */
    MH_NOT_STARTED,   /* text: why the worker of an isolated module could not be started */
    MH_INIT_CRASHED,  /* the worker ended in the init: see mh_hooks.ended */
    MH_NOT_LIMITED    /* text: which limit of the worker cannot be set, and why */
} mh_refusal_kind;

typedef struct mh_refusal {
    mh_refusal_kind kind;
    int64_t code;
    mh_damage damage;
    char text[1024];
} mh_refusal;

const char *mh_revision_name(size_t index); /* NULL behind the last */

/* [enters] Opens, checks and initialises, then appends to the chain. NULL: see `refusal`. The
 * instance is held by the caller (mh_instance_unref after mh_close). */
mh_instance *mh_load_module(mh_host *host, const mh_load *what, mh_pass *pass, mh_refusal *refusal);

typedef enum mh_closing {
    MH_CLOSED,
    MH_CLOSED_KEPT,   /* closed; the library stays mapped because it makes threads of its own */
    MH_CLOSED_BUSY,   /* closed; it stays mapped because a thread is still inside */
    MH_CLOSED_OVERWRITTEN, /* closed; it stays mapped because its file was written over */
    MH_ALREADY_CLOSED,
    MH_INSIDE_ITSELF, /* nothing was done: this thread is in one of the module's callbacks */
    MH_LOCK_TIMEOUT   /* nothing was done: somebody held the lock all the while */
} mh_closing;

/* [enters] Takes it off the chain, ends its requests, runs its cleanup, unmaps. `seconds` bounds the
 * wait for the lock (negative: no bound). `code`: what cleanup returned, 0 where there is none;
 * `damage`: what the module did to its struct in there. */
mh_closing mh_close(mh_instance *instance, mh_pass *pass, double seconds, int64_t *code,
                    mh_damage *damage);

/* [enters] Of an isolated one: ends its requests, runs its cleanup, and its init again, in the process that
 * it has; the library stays mapped. False: it is down; `refusal` says why, unless its process ended. */
bool mh_reload(mh_instance *instance, mh_pass *pass, int64_t *code, mh_refusal *refusal);

/* False when it is closed, as below. */
bool mh_has_callback(mh_instance *instance, mh_event_kind kind);
/* The words `version` and `flags`, and the string `name` of the module struct as they are now. The
 * string is copied (cut at `size`), unreadable memory gives none: returns its length or -1. */
bool mh_module_words(mh_instance *instance, uint64_t *version, uint64_t *flags);
long mh_module_name(mh_instance *instance, char *out, size_t size);
const char *mh_label(const mh_instance *instance); /* as long as the instance is held */
void mh_set_tag(mh_instance *instance, void *tag); /* at the embedder's own risk */
void *mh_tag(const mh_instance *instance);
/* What a module did since it was loaded: the messages by what it made of them, other events, what it
 * sent and logged. `timed` callbacks took at most so many nanoseconds each, of 1000 so many; to within
 * a sixteenth. */
typedef struct mh_stats {
    uint64_t passed, consumed, failed, events, sent, logged;
    uint64_t timed, p50, p90, p99, p999, most;
} mh_stats;
void mh_instance_stats(const mh_instance *instance, mh_stats *out);
const char *mh_instance_revision(const mh_instance *instance); /* its name; a static string */

#endif
