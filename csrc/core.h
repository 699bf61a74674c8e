/* core.h - what the core's own files share. Embedders include host.h. */
#ifndef MESIBO_CORE_H
#define MESIBO_CORE_H

#include "host.h"
#include "lock.h"
#include "trace.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- Revisions: the seam behind which the layouts live --------------------------------------- */

typedef struct mh_layout {
    const char *name;
    size_t size;
    const mh_word *words; /* one for each word of the struct, or NULL */
} mh_layout;

typedef struct mh_revision {
    const char *name;
    size_t module_size; /* well below 320, the block that the struct lies in */
    /* Fills a zeroed struct with what the host sets before init. */
    bool (*prepare)(mh_instance *instance);
    /* `offer` is mh_right_offer but in trials. */
    int64_t (*init)(mh_instance *instance, void *entry, const mh_offer *offer);
    /* Whether on_message may write into the message. */
    bool rewrites;
    /* Fills the slots of a script with trampolines; NULL: it takes no scripts. */
    void (*fill_slots)(mh_instance *instance);
    /* Calls a slot. MH_NO_SLOT: it is NULL. */
    int64_t (*call)(mh_instance *instance, const mh_event *event);
    /* 0 where there is none. */
    int64_t (*cleanup)(mh_instance *instance);
    bool (*has_callback)(const mh_instance *instance, mh_event_kind kind);
    /* The slots in turn, cleanup among them, from 0; false behind the last. */
    bool (*slot)(const mh_instance *instance, size_t index, const char **name, size_t *offset,
                 uint64_t *value);
    /* Whether a word inside the struct that is the host's was changed; the first of them. */
    bool (*damage)(const mh_instance *instance, mh_damage *out);
    void (*words)(const mh_instance *instance, uint64_t *version, uint64_t *flags,
                  const char **name);
    /* The extern host functions whose arguments have a layout; NULL: it has none of that name. */
    int64_t (*message)(mh_instance *from, void *params, const char *message, uint64_t len);
    int64_t (*http)(mh_instance *from, const char *url, const char *post, void (*callback)(void),
                    void *cbdata, void *options);
    int64_t (*util_http)(mh_instance *from, void *request, void *cbdata);
    int64_t (*util_fcgi)(mh_instance *from, void *request, const char *host, int64_t port,
                         int64_t keepalive, void (*callback)(void), void *cbdata);
    int64_t (*util_socket_connect)(mh_instance *from, void *socket, void *cbdata);
    /* Of its message params, which have no lengths there. */
    void (*read_params)(mh_params *to, const void *from);
    bool json_has_len; /* which of the two signatures mesibo_util_json_extract has */
    /* For trials: the params, or the user, in a place of the caller's, of `params_size` or `user_size`
     * bytes, and a call of on_message, on_message_status or on_login (which must be set) with what lies
     * there. fill_user NULL: there are none. */
    size_t params_size, user_size;
    void (*fill_params)(void *place, const mh_event *event, char *to, char *from);
    void (*fill_user)(void *place, const mh_user *user, char *address);
    int64_t (*deliver)(mh_instance *instance, const mh_event *event, void *place);
    const mh_layout *layouts; /* that of the module struct first; name NULL behind the last */
} mh_revision;

#define MH_NO_SLOT INT64_MIN /* no module returns that: their results have 32 bits */

extern const mh_offer mh_right_offer;

extern const mh_revision mh_doc2019, mh_sdk2019, mh_sdk2020;
const mh_revision *mh_revision_find(const char *name);

/* ---- Instances ------------------------------------------------------------------------------- */

typedef struct mh_library mh_library;
typedef struct mh_remote mh_remote;

typedef enum mh_state { MH_LOADING, MH_OPEN, MH_CLOSING, MH_DEAD } mh_state;

typedef struct mh_items {
    char *name, *value;
} mh_items;

/* What a module did so far (mh_stats), on the threads that have this share: several that count at once
 * would wait for each other's cache lines. */
enum { MH_SHARES = 8 };
typedef struct mh_counts {
    _Alignas(64) _Atomic uint64_t passed;
    _Atomic uint64_t consumed, failed, events, sent, logged;
} mh_counts;

typedef struct mh_histogram mh_histogram;

struct mh_instance {
    /* what a call reads comes first */
    void *module; /* the module struct; behind it the canary */
    const mh_revision *revision;
    mh_host *host;
    uint64_t log_level;
    bool watched; /* its callbacks are timed, or traced */
    mh_counts *counts;   /* MH_SHARES of them */
    _Atomic int state;    /* mh_state; written with the host's lock held */
    _Atomic int entries;  /* thread-safe modules: threads inside */
    mh_histogram *times; /* of its callbacks, in nanoseconds; NULL: nobody asked */
    mh_tracer *tracer;   /* of what crosses from it and to it; NULL: nobody asked */
    bool thread_safe, hold_gil, zero_copy, keep_mapped, scripted;
    bool registered;    /* with the registry's lock */
    _Atomic bool undecided; /* it is in its init, and may yet refuse this revision for another */
    bool has_synchronous; /* sdk2019: its module_http_option_t has that word */
    _Atomic bool leaving;   /* somebody waits to close it: no more requests */
    _Atomic int threads; /* made by the host for it */
    mh_items *items;     /* of its configuration: the values are the module's to write into */
    size_t item_count;
    char *item_texts;
    void *abi_config;    /* the same in the revision's layout; freed with the struct */
    _Atomic int guests; /* threads in host functions that no entry holds the instance for */
    _Atomic int refs;
    char *label;
    size_t label_len;
    mh_library *library; /* NULL: a script, or in a process of its own */
    mh_remote *remote;   /* NULL: it is in this process */
    mh_script script;
    void *tag;
    const char *damaged_in; /* the callback behind which damage was first seen, or NULL */
    mh_instance *next_registered;
};

/* Several threads count at once only where the module is `shared`, or outside of its callbacks. */
static inline void mh_count(_Atomic uint64_t *counter, bool shared) {
    if (shared)
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    else
        atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                              memory_order_relaxed);
}

static inline mh_counts *mh_own_counts(const mh_instance *instance) {
    return &instance->counts[mh_this_thread() % MH_SHARES];
}

mh_counts *mh_counts_new(void);       /* NULL: no memory; free(3) frees them */
mh_histogram *mh_histogram_new(void); /* the same */
uint64_t mh_now(void);                /* nanoseconds */
void mh_note_time(mh_instance *instance, uint64_t begun);

/* ---- Calling into modules (tracer.c) ------------------------------------------------------------ */

int64_t mh_call_watched(mh_instance *instance, const mh_event *event);
/* A callback. MH_NO_SLOT: the module left it NULL. */
static inline int64_t mh_call_module(mh_instance *instance, const mh_event *event) {
    return __builtin_expect(instance->watched, false) ? mh_call_watched(instance, event)
                                                      : instance->revision->call(instance, event);
}
int64_t mh_call_init(mh_instance *instance, void *entry, const mh_offer *offer);
int64_t mh_call_cleanup(mh_instance *instance);

/* Who is running on this thread, innermost first. */
typedef struct mh_frame {
    struct mh_frame *below;
    mh_instance *instance;
    mh_pass *pass;
    const mh_event *event;
} mh_frame;

extern _Thread_local mh_frame *mh_top __attribute__((tls_model("initial-exec")));

static inline void mh_push(mh_frame *frame, mh_instance *instance, mh_pass *pass,
                           const mh_event *event) {
    *frame = (mh_frame){mh_top, instance, pass, event};
    mh_top = frame;
}

static inline void mh_pop(const mh_frame *frame) { mh_top = frame->below; }

static inline uint64_t mh_this_row(void) {
    return mh_top != NULL && mh_top->pass != NULL ? mh_top->pass->row : 0;
}

mh_instance *mh_instance_new(mh_host *host, const mh_load *what, const mh_revision *revision);
void mh_instance_ref(mh_instance *instance);
/* Makes a fresh struct of that revision in the same place. False: no memory. */
bool mh_instance_offer(mh_instance *instance, const mh_revision *revision);
/* False: no memory (what was made is freed with the instance). */
bool mh_items_copy(mh_instance *instance, const mh_item *items, size_t count);
void mh_items_free(mh_instance *instance);
/* Whether the module wrote into its struct where it must not; `callback`, a static string, has just
 * run. `out` is written to only then. */
bool mh_instance_damage(mh_instance *instance, const char *callback, mh_damage *out);
/* Frees what only an open module needs; with `keep` the struct stays where its threads look. */
void mh_instance_forget_module(mh_instance *instance, bool keep);

/* The registry of live module structs. Whoever holds an instance there keeps its struct alive. */
bool mh_hold(mh_instance *instance);
void mh_let_go(mh_instance *instance);
void mh_register(mh_instance *instance);
void mh_unregister(mh_instance *instance);

/* The instance behind the first argument of a host function, without following that pointer; NULL
 * when it is no live module struct of this process. Held until mh_caller_done; until then a thread of
 * the module's own is not cancelled, for it may hold a lock or be in the embedder. */
typedef struct mh_caller {
    mh_instance *instance;
    bool guest;
    int cancelling; /* of the thread, as pthread_setcancelstate has it; -1: left alone */
} mh_caller;
mh_caller mh_caller_of(const void *module);
void mh_caller_done(mh_caller caller);
bool mh_is_inside(const mh_instance *instance);
/* Waits until nobody is counted in `users`; false after `seconds`. */
bool mh_drain(_Atomic int *users, double seconds);

/* Who is calling a host function that has no `mod`: the innermost module of this thread; on a thread
 * that the host has not seen, a module whose code `address` is. */
mh_caller mh_caller_at(void *address);

/* Enters a module: takes the lock unless it is thread-safe. False: it is not open. */
bool mh_enter(mh_instance *instance);
void mh_leave(mh_instance *instance);

/* ---- Guarded memory (guard.c) ------------------------------------------------------------------ */

/* A place for bytes that a module is handed, mapped twice: the module's view between two pages that
 * nobody may touch, and the host's own, which it may always write to. */
typedef struct mh_guarded mh_guarded;
struct mh_guarded {
    mh_guarded *below; /* for whoever keeps them in a list */
    mh_area area;
    mh_place place;
    char *view, *alias; /* both of `size` bytes */
    size_t size, offset; /* where in them the area begins */
};
/* `bytes` NULL: zeros. NULL: no memory. */
mh_guarded *mh_guarded_new(const char *name, const void *bytes, size_t len, mh_place place,
                           bool read_only);
static inline void *mh_guarded_at(const mh_guarded *guarded) {
    return guarded->view + guarded->offset;
}
void mh_guarded_seal(mh_guarded *guarded);
bool mh_guarded_spill(const mh_guarded *guarded, mh_spill *out);
void mh_guarded_free(mh_guarded *guarded);

typedef struct mh_chain mh_chain;

/* ---- Modules in processes of their own: isolation/ ---------------------------------------------- */

/* A revision of the core's own, which calls modules of that one in a worker. */
const mh_revision *mh_remote_revision(const mh_revision *of);
/* With the lock held: starts its worker, and calls the init there. False: see `refusal`. */
bool mh_remote_init(mh_instance *instance, const mh_load *what, mh_refusal *refusal);
/* Its cleanup, and its init again. False: it is down. */
bool mh_remote_reload(mh_instance *instance, int64_t *code, mh_refusal *refusal);
/* Without any lock: ends its processes and its thread. The rest is freed when nobody looks at it. */
void mh_remote_stop(mh_remote *remote);
void mh_remote_free(mh_remote *remote);
/* Rows of a batch in one turn, before the chain comes to them: begin (false: it cannot be, now), add
 * events (false: enough), and go. Then each call for one of these rows takes its answer. With the lock;
 * what is left when that is let go is dropped, and that is reported. */
bool mh_ahead_begin(mh_instance *instance, const mh_chain *chain);
bool mh_ahead_add(mh_instance *instance, const mh_event *event, uint64_t row);
void mh_ahead_go(mh_instance *instance, mh_pass *pass);
void mh_ahead_drop(mh_instance *instance);
/* The rows that it answered, in order, each with where its answer is; false: there are no more. */
bool mh_ahead_answer(const mh_instance *instance, size_t index, uint64_t *row, size_t *at);
/* Whether that answer passes the row on to the next module. With MH_PASSES the event has the message as
 * that one is to see it; it lies in the memory of this one, until its next turn. */
typedef enum mh_passed_on { MH_PASSES, MH_STOPS, MH_UNDONE /* it wrote into what is const */ } mh_passed_on;
mh_passed_on mh_ahead_passed(const mh_instance *instance, size_t at, mh_event *event);
/* Whether this row is its next: that one is said, even where the host is being closed. */
bool mh_is_ahead(const mh_instance *instance, uint64_t row);
/* A line from there: as it is, with its time and thread. */
int64_t mh_relay_line(mh_instance *from, const mh_line *line);

/* ---- Hosts ----------------------------------------------------------------------------------- */

struct mh_chain {
    struct mh_chain *retired;   /* the next of those that nobody may free yet */
    mh_instance *retired_member; /* held for passes that still see this chain */
    bool serial;
    size_t count;
    mh_instance *members[];
};

typedef struct mh_requests mh_requests;

struct mh_host {
    mh_lock lock; /* serialises entries into modules, guards `chain` */
    mh_chain *_Atomic chain;
    _Atomic int free_passes; /* passes under way without the lock */
    int locked_passes;       /* passes under way with it, on the one thread that has it */
    mh_chain *retired;
    _Atomic bool refusing, holds_gil;
    _Atomic bool hurried; /* see mh_host_hurry */
    _Atomic bool serial; /* as the chain's, to be read without a hold on the chain */
    bool pass_on_failure;
    unsigned generation; /* of the process, see mh_host_here */
    mh_hooks hooks;
    mh_limits limits;
    pthread_mutex_t mail_lock;
    mh_queue sent, logs; /* mail outside of collecting passes */
    mh_requests *requests;
    /* wakeup.c */
    int wakeup; /* -1: it ended */
    pthread_mutex_t wakeup_lock; /* so that nobody writes to what was closed */
    _Atomic bool served, woken;
    bool timed; /* modules that are loaded from now on have their callbacks timed */
    mh_tracer *tracer; /* they have this one; NULL: none */
    mh_trace *trace;   /* its file; NULL: there is none */
    _Atomic pthread_t server; /* the thread that takes commands */
};

/* False: the witness of a trial wants a host function to leave alone what it was given. */
static inline bool mh_may_go_on(mh_instance *from, const mh_given *given) {
    const mh_hooks *hooks = &from->host->hooks;
    return hooks->witness == NULL || hooks->witness(hooks->context, from, given);
}

/* chain.c: one event through a chain; `out` holds nothing but `failed`. `entered`: thread-safe modules
 * are counted as entered already. */
mh_called mh_walk(mh_host *host, const mh_chain *chain, bool entered, mh_event *event,
                  mh_pass *pass, mh_outcome *out);

/* Both with the lock held. False: no memory, nothing changed. */
bool mh_chain_append(mh_host *host, mh_instance *instance);
bool mh_chain_remove(mh_host *host, mh_instance *instance);

/* ---- Mail ------------------------------------------------------------------------------------ */

/* Room for a record of `size` bytes, or NULL: over the limit, or no memory. */
void *mh_queue_push(mh_queue *queue, size_t size);
/* Whether the limit allows such a record. */
bool mh_queue_allows(const mh_queue *queue, size_t size);
void mh_queue_unpush(mh_queue *queue, const void *record);
const void *mh_queue_front(const mh_queue *queue);
const void *mh_queue_next(const mh_queue *queue, size_t *at);
void mh_queue_swap(mh_queue *queue, mh_queue *out);
/* Takes all records of another queue to its end. False: no memory, or over the limit; what was not taken
 * is still where it was. */
bool mh_queue_take(mh_queue *queue, mh_queue *from);

/* Where the current pass collects; NULL: it does not, use the host's own queues. */
mh_mail *mh_pass_mail(const mh_instance *from);
/* The mail of a pass, made when there is none yet. NULL: no memory. */
mh_mail *mh_mail_for(mh_pass *pass, const mh_host *host);

/* ---- Memory that modules name ---------------------------------------------------------------- */

/* Copies, and never faults for what lies beyond the first page. Returns the bytes copied. */
size_t mh_copy_in(void *to, const void *from, size_t len);
/* The length of a string, at most `limit` (then it is longer); -1 where it runs into memory that
 * cannot be read. NULL: 0. */
long mh_text_len(const char *text, size_t limit);
/* Whether the byte there can be read at all; asks the kernel. */
bool mh_is_readable(const void *address);
/* True for an address inside executable memory of this process. */
bool mh_is_code(uint64_t address);

/* In a child of fork: the other threads that were inside are not there. */
void mh_gate_forked(void);

/* ---- Requests -------------------------------------------------------------------------------- */

mh_requests *mh_requests_new(mh_host *host);
void mh_requests_free(mh_requests *requests);
/* Ends the dispatcher, but on its own thread. */
void mh_requests_stop(mh_requests *requests);
/* Ends what the instance has open, with a last answer each. The instance is entered or unreachable
 * for others. */
void mh_requests_end(mh_instance *instance);
/* Ends those that a process of the module asked for, with no answer: nobody is there to get it. */
void mh_requests_drop(mh_instance *instance, uint32_t life);
/* As mh_submit, what another process asked for: the pointers of `what` say only which strings there are,
 * and these lie in `texts`, in the order that mh_request_copy has them in. Nothing of it is trusted. */
int64_t mh_submit_packed(mh_instance *from, const mh_what *what, const char *texts, size_t size,
                         const mh_receiver *receiver);
/* Takes the next answer of a synchronous request with receiver.waiting, on one thread at a time: 1: the
 * sink has got it, 0: there is none yet, -1: there is no such request any more. `returned` is what the
 * module made of the one before; so the last one is followed by one more call. */
int64_t mh_request_take(mh_instance *instance, uint32_t life, uint64_t far, int64_t returned);
/* Whether that is a socket of the instance's. */
bool mh_socket_is_of(int64_t number, const mh_instance *instance);

/* Where the requests of a process go that serves none itself; NULL: to its hosts. Set before there are
 * modules. */
typedef struct mh_elsewhere {
    int64_t (*submit)(mh_instance *from, const mh_what *what, const mh_receiver *receiver);
    int64_t (*write)(int64_t number, const char *data, size_t len);
    void (*close)(int64_t number);
    void (*end)(mh_instance *instance);
} mh_elsewhere;
extern const mh_elsewhere *mh_requests_elsewhere;
/* Wakes the threads that wait in synchronous requests, of one module or of all (NULL), of one of its
 * processes or of any (0): they have the host's lock, and whoever closes wants it. */
void mh_requests_hurry(mh_requests *requests, const mh_instance *instance, uint32_t life);

bool mh_wakeup_init(mh_host *host);
/* Nobody serves it any more. */
void mh_wakeup_end(mh_host *host);
void mh_wakeup_free(mh_host *host);
/* Somebody must take commands, and log lines that come at any time. False: nobody can. */
bool mh_serve(mh_host *host);
/* Something waits. */
void mh_wake(mh_host *host);

#endif
