/* crash.h - how a module's worker process ended, as plain memory: written by the worker itself while it
 * dies, by the host where the worker could not, and read by the embedder. The module can write to it while it
 * lies in shared memory: no bool in it, which must be 0 or 1. */
#ifndef MESIBO_CRASH_H
#define MESIBO_CRASH_H

#include <stdint.h>

typedef enum mh_end_kind {
    MH_END_FAULT,    /* a signal that its own code raised, caught in the worker */
    MH_END_EXIT,     /* it called exit(3) or the like */
    MH_END_HUNG,     /* it did not return in time */
    MH_END_KILLED,   /* by a signal that was not caught, of somebody else or after it changed the handlers */
    MH_END_VANISHED, /* it ended without a trace: by a system call of its own */
    MH_END_SCRIBBLED /* what it shares with the host makes no sense any more */
} mh_end_kind;

/* The limit that stands behind the end of a worker, as far as that is known. */
typedef enum mh_reached {
    MH_REACHED_NONE,
    MH_REACHED_MEMORY,
    MH_REACHED_CPU_TIME,
    MH_REACHED_OPEN_FILES,
    MH_REACHED_NETWORK
} mh_reached;

enum {
    MH_FRAMES = 64, /* of a stack that has more: the innermost, and the outermost */
    MH_INNERMOST = 48,
    MH_OBJECTS = 24,
    MH_REGISTERS = 34,
    MH_LAST_LINES = 8,
    MH_OBJECT_PATH = 512,
    MH_LINE_ROOM = 240,
    MH_REQUEST_ROOM = 256
};

/* One return address, and the file that it lies in: `object` of the list, or -1. `offset` is the address
 * as the file's own tables have it. */
typedef struct mh_crash_frame {
    uint64_t address, offset;
    int32_t object;
} mh_crash_frame;

/* What the module was handed for a call. */
typedef enum mh_lent {
    MH_LENT_DATA, /* the message, or what an answer brings */
    MH_LENT_TO,
    MH_LENT_FROM,
    MH_LENT_PARAMS,
    MH_LENT_PARTS
} mh_lent;

typedef struct mh_crash {
    uint32_t kind;  /* mh_end_kind */
    uint32_t stage; /* how far the worker came: 0 nothing, 1 registers, 2 frames as well */
    uint32_t reached;   /* mh_reached */
    uint64_t allowed;   /* what that limit is; the host writes it */
    int32_t signal; /* 0: none */
    int32_t code;   /* siginfo's si_code; of an exit, the code */
    uint8_t own;    /* the signal was sent by the worker itself, or is that of a timer of its own */
    uint8_t has_address, writes, own_thread; /* a fault at `address`, in writing; not the thread of calls */
    int32_t event;  /* mh_event_kind of the callback that ran; below 0: MH_IN_... */
    int32_t thread;
    char thread_name[16];
    uint64_t address, pc, sp;
    uint64_t stack_low, stack_high;   /* of the thread; the guard of the stack is below */
    uint64_t message, message_size;   /* where the module had the message, or the part that was hit */
    uint8_t lent;                     /* which: mh_lent */
    uint8_t is_over;                  /* it was of a call that is over */
    uint64_t registers[MH_REGISTERS]; /* in the order of the machine's mcontext */
    uint32_t register_count;
    uint32_t frame_count, found_count, object_count;
    uint64_t left_out; /* frames between the innermost and the outermost */
    mh_crash_frame frames[MH_FRAMES];
    mh_crash_frame found[MH_FRAMES]; /* guesses: what on the stack looks like a return address */
    mh_crash_frame entry; /* of the callback that ran, where that is known */
    char objects[MH_OBJECTS][MH_OBJECT_PATH];
    char request[MH_REQUEST_ROOM]; /* whose answer was being given to it: GET http://..., or empty */
    char exception[256]; /* mangled type of a C++ exception that nobody caught, or empty */
    uint32_t line_count; /* so many were noted in all; the last are kept, in turn */
    char lines[MH_LAST_LINES][MH_LINE_ROOM];
} mh_crash;

enum {
    MH_IN_INIT = -1,
    MH_IN_CLEANUP = -2,
    MH_IN_NO_CALL = -3,
    MH_IN_HTTP = -4, /* and below, by mh_request_kind: in a callback of such a request */
    MH_IN_FCGI = -5,
    MH_IN_SOCKET = -6
};

#endif
