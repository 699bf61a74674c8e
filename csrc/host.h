/* host.h - the whole interface of the core.
 *
 * The core opens modules, calls them and serves them. It knows nothing of Python: the Python
 * extension, the C tests and whatever else embeds it see this header and no other. What crosses it
 * is revision-neutral; the layouts of the module ABI live in revisions/ alone.
 *
 * Threads: every function may be called from any thread unless it says otherwise. Functions marked
 * [enters] may run module code, and wait for the host's lock first: never call them while holding a
 * lock that a module's callback, or an upcall of yours, may want.
 *
 * Memory: pointers handed in are read during the call only; pointers handed out are valid as long as
 * the text beside them says.
 */
#ifndef MESIBO_HOST_H
#define MESIBO_HOST_H

#include "crash.h"
#include "crossing.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mh_host mh_host;         /* a chain of modules, their lock, mail and requests */
typedef struct mh_instance mh_instance; /* one load of one module */
typedef struct mh_request mh_request;   /* one HTTP request of a module */

/* ---- Events ------------------------------------------------------------------------------- */

/* Message params of all revisions. `uflags` is the word that the older ones call to_online. `to` and
 * `from` may be NULL; their lengths exclude the NUL behind them. */
typedef struct mh_params {
    uint64_t aid, id, refid, groupid, flags, type, expiry, uflags, status, sid, device;
    const char *to, *from;
    size_t to_len, from_len;
} mh_params;

typedef enum mh_event_kind {
    MH_ON_MESSAGE,
    MH_ON_MESSAGE_STATUS,
    MH_ON_CALL,
    MH_ON_CALL_STATUS,
    MH_ON_LOGIN,
    MH_ON_CONFIG,
    MH_EVENT_KINDS
} mh_event_kind;

typedef struct mh_user {
    uint64_t flags;
    int64_t online; /* 1 logged in, 0 logged out */
    const char *address;
    size_t address_len;
} mh_user;

typedef struct mh_event {
    mh_event_kind kind;
    const mh_params *params; /* message and status events, else NULL */
    const char *message;     /* `len` bytes, and one NUL behind them that does not count */
    size_t len;
    uint64_t status;     /* status events */
    const mh_user *user; /* login events */
    uint64_t type;       /* config events: what changed, and something about it, or NULL */
    void *config;
    size_t config_len; /* of it; behind that one NUL */
    void *source; /* the embedder's own object for this message; scripts get it back */
} mh_event;

/* ---- What comes out of a call --------------------------------------------------------------- */

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

/* ---- Hosts ---------------------------------------------------------------------------------- */

/* Upcalls into the embedder; each may be NULL. They run on the thread of the module that called,
 * often with the host's lock held, so they must not wait for a thread that is about to enter. */
struct mh_given;
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
bool mh_has_mail(mh_host *host); /* there is something to take, or a loss to be told of */
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

typedef enum mh_called {
    MH_CALLED,
    MH_NOT_OPEN, /* the host or the module is closed: `out` says nothing */
    MH_NOT_SET,  /* the module left that slot NULL */
    MH_BUSY,     /* nothing was done: see the functions that may say so */
    MH_NO_ROOM   /* too little memory to say what every module returned */
} mh_called;

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

/* ---- Batches --------------------------------------------------------------------------------
 *
 * Many messages in one go, as columns: what mh_process does for each of them in turn, without an
 * object for any. The embedder owns the columns and the results, and keeps them until mh_batch_end. */

typedef enum mh_text_layout {
    MH_TEXT_ABSENT,
    MH_TEXT_OFFSETS_32, /* `index`: count + 1 ends, signed 32 bits each, into `bytes` */
    MH_TEXT_OFFSETS_64,
    MH_TEXT_VIEWS /* `index`: 16 bytes each: the length, then the text, or 4 bytes of it, the number
                     of its buffer and where in that it begins */
} mh_text_layout;

typedef struct mh_text_column {
    mh_text_layout layout;
    const uint8_t *valid; /* a bit for each, lowest first; NULL: all are. Those that are not are NULL */
    const void *index;
    const char *bytes;
    const char *const *buffers; /* views: what they are into */
    const int64_t *sizes;       /* of these, `buffer_count` of them */
    size_t buffer_count;
    size_t offset;              /* of the first, in `valid` and `index` */
} mh_text_column;

typedef struct mh_word_column {
    const uint8_t *valid; /* as above; those that are not are 0 */
    const void *values;
    size_t offset;
    unsigned size; /* bytes of each, 1, 2, 4 or 8; 0: absent, all are 0 */
} mh_word_column;

/* The text of a row, `*len` bytes without a NUL behind them; NULL where it is not valid. */
const char *mh_text_at(const mh_text_column *column, uint64_t row, size_t *len);

/* The first row of these that cannot be: it ends before it begins, lies in a buffer that is not there, or
 * outside of the buffers whose sizes are known; `last`: all can be. */
uint64_t mh_text_broken(const mh_text_column *column, uint64_t first, uint64_t last);

enum { MH_WORDS = 11 };

typedef struct mh_columns {
    mh_text_column message, to, from; /* a message that is NULL is empty */
    mh_word_column words[MH_WORDS];   /* in the order of mh_params */
} mh_columns;

/* Fills message and `len` of `event`, and `params`; into the columns, valid as long as they are. */
void mh_columns_row(const mh_columns *columns, uint64_t row, mh_event *event, mh_params *params);

typedef struct mh_row_failure {
    uint64_t row;
    mh_instance *instance; /* NULL: an upcall failed, and no module for it. Held by the batch. */
    mh_failure failure;
    int64_t code;
    mh_damage damage;
    void *errors; /* the embedder's: mh_pass.errors */
} mh_row_failure;

/* Texts one behind the other: from ends[i] to ends[i + 1], the first from 0. */
typedef struct mh_texts {
    char *bytes;
    uint64_t *ends;
    uint8_t *valid; /* a bit for each, lowest first; those that are not are NULL */
    size_t count, nulls;
    size_t capacity, size; /* of `ends`, in texts, and of `bytes` */
} mh_texts;

/* What was sent during a batch, by row. Where `count` is 0 there may be no arrays. */
typedef struct mh_sent_columns {
    uint64_t *rows, *words[MH_WORDS]; /* the words in the order of mh_params */
    int32_t *labels;                  /* the place of the sender's label in `names` */
    mh_texts message, to, from, names;
    size_t count, capacity;
} mh_sent_columns;

/* One message; valid as long as the columns are left alone. */
void mh_sent_at(const mh_sent_columns *columns, size_t at, mh_sent *out);
/* Takes all of `others` to the end of `columns`. False: no memory, and both are as they were. */
bool mh_sent_columns_join(mh_sent_columns *columns, mh_sent_columns *others);

typedef struct mh_batch {
    /* what the embedder sets: */
    mh_columns columns;
    const mh_event *events; /* instead of the columns: an event for each row */
    int8_t *results;        /* for each row */
    int32_t *by;            /* for each row: the place of who decided in `modules`; -1: nobody */
    /* what it gets: */
    mh_instance **modules; /* the chain, held by the batch */
    size_t module_count;
    mh_sent_columns sent;
    mh_queue logs;
    mh_mail *mail; /* or NULL: counts what was dropped; has what found no memory in these two */
    mh_row_failure *failures;
    size_t failure_count;
    bool over; /* an upcall wanted no row behind that one (mh_pass.over) */
    uint64_t *rewritten_rows; /* rows whose message was rewritten, and where in `rewritten` it ends */
    size_t *rewritten_ends;
    char *rewritten;
    size_t rewritten_count;
    /* the batch's own: */
    mh_host *host;
    const void *chain;
    size_t failure_capacity, rewritten_capacity, rewritten_size;
} mh_batch;

/* Zero it, set what is the embedder's, and begin: from here on the chain is that of now. False: no
 * memory, and nothing is to be ended. */
bool mh_batch_begin(mh_host *host, mh_batch *batch);
/* [enters] Rows first to last - 1, in order. The lock is let go now and then, so that others come in.
 * MH_NOT_OPEN: the host was closed, MH_NO_ROOM: no memory; `*done` is the first row that was not
 * processed; where the batch is over, that may be before `last`. */
mh_called mh_batch_run(mh_batch *batch, uint64_t first, uint64_t last, uint64_t *done);
/* Behind the last row: its pass is over, and what it has of modules and failures (but not their errors,
 * which are the embedder's) is let go. What was rewritten and the mail stay. */
void mh_batch_leave(mh_batch *batch);
/* The same where it is still to be done, and frees what the batch owns; the host may be gone. */
void mh_batch_end(mh_batch *batch);

/* ---- Modules -------------------------------------------------------------------------------- */

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

/* ---- Host functions, for scripts and for the revisions --------------------------------------- */

/* True while this thread is in a callback of a module of this host. */
bool mh_inside_host(const mh_host *host);
/* What an upcall tells: the pass that it runs in on this thread, or NULL. */
mh_pass *mh_current_pass(void);
/* Whether that is one that the embedder holds its own lock for. */
bool mh_is_held(void);
void mh_upcall_failed(void);

/* What a script's on_message does to the message it was given: `len` must be the message's. False: it
 * is not, or this thread is in no such callback of the module. */
bool mh_rewrite(mh_instance *from, const char *message, size_t len);
/* 0, or -1: refused, and the reason logged for the module. Everything is copied before it returns. */
int64_t mh_send(mh_instance *from, const mh_params *params, const char *message, uint64_t len);
int64_t mh_vlog(mh_instance *from, uint64_t level, const char *format, va_list args);
int64_t mh_log_text(mh_instance *from, uint64_t level, const char *text, size_t len);
/* The host functions of scripts: as those of modules, and traced like them. */
int64_t mh_script_send(mh_instance *from, const mh_params *params, const char *message, uint64_t len);
int64_t mh_script_log(mh_instance *from, uint64_t level, const char *text, size_t len);
bool mh_script_rewrite(mh_instance *from, const char *message, size_t len);
/* A line of the host's own on the module's behalf, at level 0. */
void mh_report(mh_instance *about, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- What modules ask for -------------------------------------------------------------------------
 *
 * HTTP requests, FastCGI requests and sockets are all requests: copied, served by somebody else, and
 * answered on the host's dispatcher thread. Strings may be NULL (not set), numbers 0 (not set). */

/* The optional strings of an HTTP request, in the order of the header. */
#define MH_HTTP_TEXTS(X) \
    X(proxy) X(content_type) X(extra_header) X(user_agent) X(referrer) X(origin) X(cookie) \
    X(encoding) X(cache_control) X(accept) X(etag)
#define MH_HTTP_NUMBERS(X) \
    X(ims) X(maxredirects) X(conn_timeout) X(header_timeout) X(body_timeout) X(total_timeout) \
    X(retries)
#define MH_TERMINATED SIZE_MAX /* as a length: up to the NUL */

typedef struct mh_http {
    const char *url, *post; /* post NULL: GET, else POST */
    size_t post_len;        /* or MH_TERMINATED */
#define MH_TEXT(field) const char *field;
#define MH_NUMBER(field) uint64_t field;
    MH_HTTP_TEXTS(MH_TEXT)
    MH_HTTP_NUMBERS(MH_NUMBER)
#undef MH_TEXT
#undef MH_NUMBER
} mh_http;

enum { MH_FCGI_PARAMS = 24 };

typedef struct mh_fcgi {
    const char *host; /* a path: a Unix socket */
    int64_t port;
    bool keepalive;
    const char *body;
    size_t body_len;
    const char *names[MH_FCGI_PARAMS]; /* static strings; NULL behind the last */
    const char *values[MH_FCGI_PARAMS];
} mh_fcgi;

typedef struct mh_socket {
    const char *url, *ws_protocol;
    bool keepalive, verify_host;
} mh_socket;

typedef enum mh_request_kind { MH_HTTP, MH_FCGI, MH_SOCKET } mh_request_kind;

typedef struct mh_what {
    mh_request_kind kind;
    bool synchronous; /* the call returns behind the last answer, which come on its own thread */
    union {
        mh_http http;
        mh_fcgi fcgi;
        mh_socket socket;
    };
} mh_what;

typedef enum mh_answer_kind {
    MH_ANSWER_REQUEST,   /* http: the request line and headers went out */
    MH_ANSWER_REQBODY,   /* http: the body went out */
    MH_ANSWER_HEADERS,   /* http: status, content_type, data: the header bytes */
    MH_ANSWER_BODY,      /* http, fcgi: data, progress; 100 is the last */
    MH_ANSWER_FAILED,    /* the last */
    MH_ANSWER_CANCELLED, /* the last: the sink itself cancelled, by returning non-zero */
    MH_ANSWER_CONNECTED, /* socket: status is the descriptor */
    MH_ANSWER_WRITTEN,   /* socket: everything that was queued went out */
    MH_ANSWER_DATA,      /* socket: data */
    MH_ANSWER_CLOSED     /* socket: the last; it was connected and ended in order */
} mh_answer_kind;

typedef struct mh_answer {
    mh_answer_kind kind;
    int progress;
    int64_t status;
    const char *content_type; /* NUL-terminated; NULL: it has none */
    const char *data;
    size_t size;
} mh_answer;

/* What a module gives to a host function: see mh_hooks.witness. */
typedef enum mh_given_kind {
    MH_GIVEN_MESSAGE, /* params, bytes, len: to send */
    MH_GIVEN_FORMAT,  /* bytes: of a line to log, to the NUL */
    MH_GIVEN_REQUEST, /* what */
    MH_GIVEN_BYTES,   /* bytes, len: for a socket */
    MH_GIVEN_JSON,    /* bytes, len: to look for a value in */
    MH_GIVEN_ITEM,    /* bytes: the name of an item of its configuration, to the NUL */
    MH_GIVEN_REFUSED  /* bytes: the host's own line, why it refused something that was given */
} mh_given_kind;

typedef struct mh_given {
    mh_given_kind kind;
    const mh_params *params;
    const char *bytes;
    uint64_t len;
    const mh_what *what;
} mh_given;

/* Where answers go. The sink runs on the host's dispatcher thread (or the closing one, or for a
 * synchronous request the caller's) with the module entered; non-zero cancels. */
typedef struct mh_receiver mh_receiver;
struct mh_receiver {
    int64_t (*sink)(const mh_receiver *receiver, const mh_answer *answer);
    void (*callbacks[4])(void);     /* the module's */
    void *cbdata;                   /* the module's */
    void (*release)(void *cbdata);  /* may be NULL; called when the request is forgotten */
    unsigned unwanted; /* bits 1 << mh_answer_kind of answers that the sink does nothing with */
    int64_t number;    /* set by the core: a socket's number */
    uint64_t far;      /* of a module in a process of its own: what it is known by there, */
    uint32_t life;     /* and which of its processes asked; 0: it is in this one */
    /* A synchronous request whose answers are taken one by one (mh_request_take): there is one, or the
     * module is being closed. With a lock held: wake who waits, and no more. NULL: the caller waits. */
    void (*waiting)(const mh_receiver *receiver);
};

/* 0 accepted: exactly one last answer follows; -1 refused: none does, and `release` was called. For a
 * socket `receiver->number` is what modules know it by: within 31 bits, never reused. */
int64_t mh_submit(mh_instance *from, const mh_what *what, const mh_receiver *receiver);
int64_t mh_script_http(mh_instance *from, const mh_what *what, const mh_receiver *receiver);

/* Queues bytes for a socket: how many, or -1: no such socket, or its queue is full. From any thread. */
int64_t mh_socket_write(int64_t number, const char *data, int64_t len);
/* What is queued goes out, then it closes. */
void mh_socket_close(int64_t number);

/* Starts a detached thread that counts as the module's. False: it could not be made. */
bool mh_thread_start(mh_instance *from, void *(*run)(void *), void *data, size_t stack_size,
                     const char *name);
/* The value of a configuration item, the module's to write into until after cleanup; or NULL. */
char *mh_config_value(mh_instance *from, const char *name);

/* Makes the extern host functions visible to modules that are opened from now on. False: it cannot be
 * done, and modules of the sdk revisions will not find them. */
bool mh_exports_promote(void);

/* ---- The gate -------------------------------------------------------------------------------------
 *
 * An embedder that ends before its modules' threads do keeps its upcalls behind this gate: one for the
 * process. Closed, it lets only the closing thread through. */
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

/* ---- Serving requests ------------------------------------------------------------------------ */

typedef enum mh_command_kind {
    MH_NO_COMMAND,
    MH_START,
    MH_WRITE, /* a socket: `bytes` are to go out */
    MH_CLOSE, /* a socket: what was written goes out, then it closes */
    MH_RESUME,
    MH_CANCEL
} mh_command_kind;

typedef struct mh_bytes {
    struct mh_bytes *next;
    size_t size;
    char data[];
} mh_bytes;

typedef struct mh_command {
    mh_command_kind kind;
    mh_request *request; /* MH_START: held by the taker (mh_request_unref), until its last answer */
    mh_bytes *bytes;     /* MH_WRITE: the taker's to free(3) */
    uint64_t id;         /* never reused in a process */
} mh_command;

int mh_wakeup_fd(const mh_host *host); /* readable while commands or log lines wait */
void mh_clear_wakeup(mh_host *host);
mh_command mh_take_command(mh_host *host);
const mh_what *mh_request_what(const mh_request *request);
int64_t mh_request_number(const mh_request *request); /* a socket's */
bool mh_request_over(const mh_request *request);
size_t mh_request_backlog(const mh_request *request); /* body bytes the module has not had yet */
/* True: the backlog is above `size`, and MH_RESUME comes once it is below half of that. */
bool mh_request_pause(mh_request *request, size_t size);
/* Copies the answer for the dispatcher. False: it is over, nobody wants more. A failure's `data` is
 * the reason, for the log. */
bool mh_request_answer(mh_request *request, const mh_answer *answer);
/* [enters] The same, but that the module is called here and now, on this thread: for those who play a
 * network. Not mixed with the other for one request. */
bool mh_request_answer_here(mh_request *request, const mh_answer *answer);
void mh_request_unref(mh_request *request);
/* Waits until no request is open: true, or false after `seconds` (negative: no bound). */
bool mh_wait_idle(mh_host *host, double seconds);
size_t mh_open_requests(mh_host *host);

/* Modules by themselves, and what ended a process. */
#include "trials.h"

#include "faults.h"

#endif
