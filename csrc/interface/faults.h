/* faults.h - what a process was doing when a signal, or exit(3), ended it; in memory that it shares with the
 * process that waits for it. */
#ifndef MESIBO_FAULTS_H
#define MESIBO_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MH_FAULT_FRAMES = 48, MH_FAULT_FOUND = 96, MH_FAULT_MAPS = 512 * 1024 };

typedef struct mh_fault {
    int32_t done;   /* 0: nothing has ended it yet; 1: it is being written; 2: it is whole */
    int32_t signal; /* 0: exit(3) */
    int32_t code;   /* of siginfo_t */
    int32_t writing; /* SIGSEGV and SIGBUS: 1 a write, 0 a read, -1 unknown */
    uint64_t address;
    uint32_t frame_count, found_count;
    uint32_t maps_size;
    uint64_t frames[MH_FAULT_FRAMES]; /* the first is where it was, the others return addresses */
    uint64_t found[MH_FAULT_FOUND]; /* guesses: return addresses that lie on the stack */
    char maps[MH_FAULT_MAPS];         /* /proc/self/maps at that time */
} mh_fault;

/* Shared with processes that are forked off from here on; or a part of a file, from `offset` on, which
 * begins a page, shared with whoever maps it as well (`file` -1: of none). NULL: no memory. */
mh_fault *mh_fault_new(int file, int64_t offset);
void mh_fault_free(mh_fault *fault);
/* From here on what ends this process is written there, and then ends it. Once a process. */
bool mh_fault_watch(mh_fault *fault);

/* ---- Callers (callers.c): for handlers of signals ------------------------------------------------ */

/* What an address of this process lies in. */
typedef struct mh_object {
    uint64_t bias, begin; /* begin: of that part of it */
    bool is_code;
    const char *name; /* empty: the program itself */
} mh_object;
/* False: in none. */
bool mh_object_at(uint64_t address, mh_object *out);

/* Is given the return address of what may be a call. */
typedef void mh_take_caller(void *context, uint64_t address);
/* On `room` bytes of a stack, downwards from `sp`, to `low` at most: what calls that have returned left
 * below it, the last first; or who began, from the outermost on. What is read need not be mapped: it may
 * fault. */
enum { MH_ROOM_LEFT = 2 << 10 };
void mh_callers_below(uint64_t sp, uint64_t low, size_t room, mh_take_caller *take, void *context);
/* And above, innermost first, up to `high` at most. */
void mh_callers_above(uint64_t sp, uint64_t high, mh_take_caller *take, void *context);

#endif
