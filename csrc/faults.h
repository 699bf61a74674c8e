/* faults.h - a part of host.h. */
#ifndef MESIBO_FAULTS_H
#define MESIBO_FAULTS_H

#include <stdint.h>
#include <stdbool.h>

/* ---- Faults -------------------------------------------------------------------------------------
 *
 * What a process was doing when a signal, or exit(3), ended it; in memory that it shares with the
 * process that waits for it. */

enum { MH_FAULT_FRAMES = 48, MH_FAULT_MAPS = 512 * 1024 };

typedef struct mh_fault {
    int32_t done;   /* 0: nothing has ended it yet; 1: it is being written; 2: it is whole */
    int32_t signal; /* 0: exit(3) */
    int32_t code;   /* of siginfo_t */
    int32_t writing; /* SIGSEGV and SIGBUS: 1 a write, 0 a read, -1 unknown */
    uint64_t address;
    uint32_t frame_count;
    uint32_t maps_size;
    uint64_t frames[MH_FAULT_FRAMES]; /* the first is where it was, the others return addresses */
    char maps[MH_FAULT_MAPS];         /* /proc/self/maps at that time */
} mh_fault;

/* Shared with processes that are forked off from here on; or a part of a file, from `offset` on, which
 * begins a page, shared with whoever maps it as well (`file` -1: of none). NULL: no memory. */
mh_fault *mh_fault_new(int file, int64_t offset);
void mh_fault_free(mh_fault *fault);
/* From here on what ends this process is written there, and then ends it. Once a process. */
bool mh_fault_watch(mh_fault *fault);

#endif
