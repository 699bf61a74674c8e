/* channel.h - what a host and the worker process of one of its modules share: one memfd, mapped by both.
 *
 * Turns are strict: one thread of the host gives the worker a turn (`to_worker`), the worker works and
 * gives it back (`to_host`), with an answer or with something that it asks of the host. While it serves
 * that, the host may give the next turn: they nest, as calls do. Both bells are futexes that only count.
 *
 * What a module sends and logs in its turn lies in the mail, in order, before the turn is given back; what
 * its own threads send and log goes through `outside`, one at a time, to a thread of the host's that
 * listens.
 *
 * The host trusts nothing in here: the module can write to all of it. So there is no bool in it, which must
 * be 0 or 1. */
#ifndef MESIBO_CHANNEL_H
#define MESIBO_CHANNEL_H

#include "../host.h"

#include <stdatomic.h>

/* The regions behind the first one are sparse: only what is written to takes memory. */
#define MH_REGION ((size_t)1 << 30)
enum { MH_HEAD_SIZE = 128 << 10, MH_NAME_ROOM = 256 };
#define MH_CHANNEL_SIZE (MH_HEAD_SIZE + 3 * MH_REGION + sizeof(mh_crossings))

/* Set in a bell when the worker is gone: whoever waits wakes. */
#define MH_GONE 0x80000000u

/* The descriptors that the host starts it with. */
enum { CONTROL_FD = 3, MEMORY_FD = 4 };

/* What the host writes to the control socket, a byte each; when it is closed, all ends. What comes back is
 * how each worker has ended: the word of the zygote's, which the module has no way to write, unlike the
 * bells. */
enum { COMMAND_START = 'S', COMMAND_HUNG = 'H', COMMAND_KILL = 'K' };
typedef struct mh_gone {
    int64_t status; /* of wait(2); a word, so that all bytes of this are told */
    uint64_t spent; /* nanoseconds of the processor */
} mh_gone;

typedef enum mh_order {
    MH_ORDER_LOAD,
    MH_ORDER_CALL,
    MH_ORDER_REPLY,
    MH_ORDER_CLEANUP,
    MH_ORDER_UNLOAD, /* cleanup, and another load follows */
    MH_ORDER_ROWS, /* of a batch */
    MH_ORDER_ANSWER
} mh_order;
typedef enum mh_said { MH_SAYS_ANSWER, MH_SAYS_ASKS } mh_said;

typedef struct mh_bell {
    _Alignas(64) _Atomic uint32_t count;
    _Atomic uint32_t sleepers;
} mh_bell;

/* The words of its struct as they were when the last turn was given back. */
typedef struct mh_mirror {
    uint64_t version, flags;
    uint32_t callbacks; /* bit 1 << mh_event_kind */
    int32_t threads;    /* that the host functions made for it, and run */
    uint8_t has_name;
    char name[MH_NAME_ROOM];
} mh_mirror;

typedef struct mh_channel {
    mh_bell to_worker, to_host, outside, outside_done;
    mh_bell news; /* for threads of the module's own that wait for answers */
    /* zygote.c: */
    _Atomic int32_t worker; /* the process; 0: none */
    /* the host's, with a turn: */
    _Alignas(64) uint32_t order;
    uint32_t seen;       /* of a new worker: the count that it begins with */
    uint32_t life;       /* of a new worker: which one it is */
    uint64_t request_at; /* in the requests */
    int64_t reply;       /* what was asked for */
    uint64_t room;       /* bytes that may be sent without asking */
    uint8_t ask_send, ask_log; /* a handler wants them at once */
    uint8_t stops;             /* before it ends, for a debugger */
    uint8_t cut;               /* of a batch: behind this row */
    /* the worker's: */
    _Alignas(64) uint32_t said;
    int64_t code;
    uint8_t rewritten, damaged;
    mh_damage damage; /* of its struct; `field` is not a pointer here: see `field` */
    char field[32];
    _Atomic uint64_t mail_end; /* of whole records in the mail */
    int64_t outside_result;
    _Atomic int32_t stopped; /* 0: it is not; its process: it is; negative: the host has released it */
    int32_t stopped_thread;
    _Atomic uint64_t rows_done, row_begun; /* of a batch; when the next one began, as mh_now */
    mh_mirror mirror;
    _Alignas(64) mh_crash crash;
} mh_channel;

_Static_assert(sizeof(mh_channel) <= MH_HEAD_SIZE, "the head has room for the channel");

static inline char *mh_requests_region(mh_channel *channel) { return (char *)channel + MH_HEAD_SIZE; }
static inline char *mh_mail_region(mh_channel *channel) {
    return (char *)channel + MH_HEAD_SIZE + MH_REGION;
}
static inline char *mh_outside_region(mh_channel *channel) {
    return (char *)channel + MH_HEAD_SIZE + 2 * MH_REGION;
}
static inline mh_crossings *mh_crossings_region(mh_channel *channel) {
    return (mh_crossings *)(void *)((char *)channel + MH_HEAD_SIZE + 3 * MH_REGION);
}

/* ---- What lies in the regions ------------------------------------------------------------------------ */

#define MH_NULL_TEXT UINT64_MAX /* as a length */

/* Calls of a batch: the records of so many behind it. Each may send so much. */
typedef struct mh_rows_record {
    uint64_t count, room;
} mh_rows_record;

/* A call: behind it `to`, `from`, the message and the data, each with a NUL. */
typedef struct mh_call_record {
    uint32_t kind; /* mh_event_kind */
    uint8_t has_params, has_user, has_message;
    mh_params params;
    uint64_t to_len, from_len, len, status;
    uint64_t user_flags;
    int64_t user_online;
    uint64_t type, data_len;
    uint64_t size; /* of all of it */
    /* of a row, when it is done: */
    int64_t code;
    uint8_t rewritten, damaged;
} mh_call_record;

typedef enum mh_mail_kind {
    MH_MAIL_SENT,
    MH_MAIL_LINE,
    MH_MAIL_REQUEST, /* `from` is its mh_what, the text what mh_submit_packed calls `texts` */
    MH_MAIL_WRITE,   /* the text goes to a socket */
    MH_MAIL_CLOSE,   /* of a socket */
    MH_MAIL_TAKE     /* of a thread: the next answer, to lie where this lies; see mh_request_take */
} mh_mail_kind;

/* What a module sends, logs or asks for: behind it `to`, `from` and the text, each with a NUL. */
typedef struct mh_mail_record {
    uint64_t size; /* of all of it */
    uint64_t row;
    uint32_t kind; /* mh_mail_kind */
    uint32_t life; /* of the worker */
    uint8_t is_report;
    int32_t thread;
    mh_params params;
    uint64_t to_len, from_len, len, level;
    int64_t time;
    uint64_t far;      /* of a request: mh_receiver.far */
    uint32_t unwanted; /* the same */
    int64_t number;    /* of a socket; of MH_MAIL_TAKE: `returned` */
} mh_mail_record;

/* An answer for a request: behind it the content type and the data, each with a NUL. */
typedef struct mh_answer_record {
    uint64_t far;
    int64_t number, status;
    uint32_t kind; /* mh_answer_kind */
    int32_t progress;
    uint64_t type_len, len;
    uint64_t size; /* of all of it */
} mh_answer_record;

static inline bool mh_is_stopped(const mh_channel *channel) {
    return atomic_load(&channel->stopped) > 0;
}

static inline size_t mh_padded(size_t size) { return (size + 15) & ~(size_t)15; }

/* ---- Bells ------------------------------------------------------------------------------------------- */

/* Counts on, and wakes who waits. */
void mh_bell_ring(mh_bell *bell);
/* Sleeps until the count is another than `seen`, or MH_GONE is set. `seconds` below 0: no bound. False:
 * it is as it was. */
bool mh_bell_wait(mh_bell *bell, uint32_t seen, double seconds);
/* Sets MH_GONE, and wakes who waits; takes it back, and wakes them as well. */
void mh_bell_end(mh_bell *bell);
void mh_bell_renew(mh_bell *bell);
/* Looks for a moment, without sleeping. */
bool mh_bell_look(const mh_bell *bell, uint32_t seen);
static inline uint32_t mh_bell_count(const mh_bell *bell) {
    return atomic_load_explicit(&bell->count, memory_order_acquire) & ~MH_GONE;
}

/* Maps the memory of a descriptor; NULL with errno set. */
mh_channel *mh_channel_map(int memory);
void mh_channel_unmap(mh_channel *channel);

#endif
