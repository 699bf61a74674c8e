/* probe.h - what the files of the probe share: a small program that calls a module over and over, and
 * writes down what that takes. No Python is in it, so that what is allocated is the module's or the
 * core's, and a run under a checking allocator or under valgrind is quick.
 *
 *   mesibo-abi-probe TASK REPORT NOTES
 *
 * Three descriptors: what to do, in lines (task.c); where to write what came of it, in lines, too; and
 * memory that outlives the process. */
#ifndef MESIBO_PROBE_H
#define MESIBO_PROBE_H

#include "../core.h"

enum { FRAMES = 6, NOTES_SIZE = 4096 };

extern int report_file;

/* ---- The task (task.c) ------------------------------------------------------------------------------ */

typedef struct call {
    mh_event event; /* its params, user and strings are set by call_make */
    mh_params params;
    mh_user user;
    const char *message;
} call;

typedef enum mode { CALLS, SLOPES, LIFECYCLES } mode;

typedef struct task {
    mh_load what;
    mh_item *items;
    call *calls;
    size_t call_count;
    mode mode;
    /* CALLS: all of them `rounds` times on each thread, and once by all together at least; `deadline` in
     * seconds */
    uint64_t threads, rounds;
    double deadline;
    /* the others: calls or lives before the first window, in each, and how many of those */
    uint64_t warm_up, window, windows;
    bool tracked;   /* from the first window on it is written down who allocates and opens */
    bool from_init; /* CALLS: from the very beginning */
    bool settles;   /* CALLS: what a call asked for ends before the next one */
    const char *body; /* what each request is answered with; NULL: each fails */
    size_t body_size;
    double seconds;  /* the most that warming up, each window, or all calls, may take */
    double patience; /* how long threads of the module may go on behind a window */
} task;

/* False: it is not understood, which is said on stderr. */
bool task_read(int file, task *out);

/* ---- The notes: memory shared with whoever started the probe ---------------------------------------- */

typedef struct notes {
    int64_t call; /* the index of the one that began last; -1: none, -2: init, -3: cleanup */
    uint64_t size;  /* of the block that is being freed */
    uint64_t count; /* its frames; 0: nothing is being freed, or it is not known */
    uint64_t frames[FRAMES]; /* where it was allocated */
} notes;
extern notes *noted;

void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- The module (module.c) -------------------------------------------------------------------------- */

extern mh_host *host;

bool host_make(const task *task);
/* Loads it; NULL: it refused, which is reported. */
mh_instance *module_load(const task *task);
void module_close(mh_instance *instance);
/* One callback, with a copy of what it is handed. */
void module_call(mh_instance *instance, const call *call);
/* Waits until nothing that it asked for is open. */
void module_settle(void);

/* ---- The network (network.c) ------------------------------------------------------------------------ */

/* Answers what the module asks the host for, as the task says. False: no thread could be made. */
bool network_start(const task *task);

/* ---- Who does something (frames.c) ------------------------------------------------------------------- */

/* The frames of the module, innermost first, as addresses of its file. */
typedef struct stack {
    uint32_t count;
    uintptr_t frames[FRAMES];
    _Atomic int64_t bytes, blocks, threads;
} stack;

/* The library that is looked for from here on. */
void frames_of(const char *path);
/* It was unmapped. */
void frames_forget(void);
/* Whether an address is in the code of this program. */
bool frames_are_ours(const void *address);
/* The stack of this call, or NULL: it is not the module's. `through`: also where a host function lies
 * between. */
stack *stack_here(bool through);
size_t stack_number(const stack *stack);
size_t stack_count(void);
stack *stack_at(size_t number);
/* Its own frames of the calling thread, into `out`. */
size_t frames_here(uintptr_t out[FRAMES], bool through);
void frames_write(int file, const char *word, size_t number, const uintptr_t *frames, size_t count);

/* ---- What is interposed (heap.c, openings.c) ---------------------------------------------------------- */

extern _Atomic bool tracking; /* who allocates, opens and makes threads is written down */
extern _Atomic bool counting; /* what is allocated */
extern _Atomic int64_t heap_bytes, mapped_bytes;
/* On this thread what is allocated has no owner until it is let go: whether it had none before. */
bool heap_pause(bool paused);
/* Forgets the blocks that are known. */
void heap_forget(void);
void *real_function(const char *name);
/* Descriptors of the process, and who opened those that were opened while tracking. */
size_t descriptors_open(void);
size_t threads_alive(void);
void descriptors_mark(void);
void descriptors_report(void);

/* ---- What is measured --------------------------------------------------------------------------------- */

void slopes_run(const task *task);
void lifecycles_run(const task *task);
void calls_run(const task *task);

#endif
