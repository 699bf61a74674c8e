/* crossings.c - crossings in memory that a host shares with a module's process: the module's threads put
 * in what is over, the host takes it out; and when the process has ended, what it was in is still there. */
#define _GNU_SOURCE
#include "interface/crossing.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLICES = 2000, SLICE = 1000000 }; /* nanoseconds: two seconds for whoever takes them out */

static uint64_t room(const mh_crossings *crossings) {
    return atomic_load_explicit(&crossings->taken_out, memory_order_relaxed) ? MH_RING : MH_FEW;
}

/* What is in use of it: most of the texts seldom are. */
static void copy(mh_crossing *to, const mh_crossing *from) {
    memcpy((char *)to + sizeof to->state, (const char *)from + sizeof from->state,
           offsetof(mh_crossing, arguments) - sizeof to->state);
    memcpy(to->arguments, from->arguments, from->count * sizeof from->arguments[0]);
    memcpy(to->texts, from->texts, from->texts_used);
}

/* `at` may be long gone by now: then somebody else has put there, and there was room. */
static bool is_full(const mh_crossings *crossings, uint64_t at) {
    return (int64_t)(at - atomic_load(&crossings->taken)) >= MH_RING;
}

/* False: it was in vain. */
static bool wait_for_room(const mh_crossings *crossings, uint64_t at) {
    struct timespec slice = {0, SLICE};
    for (int i = 0; i < SLICES; i++) {
        if (!is_full(crossings, at))
            return true;
        nanosleep(&slice, NULL);
    }
    return false;
}

/* Where nobody takes out, a thread that was held up in its writing may find others a round ahead: then the
 * slot is that of whoever came first. Not of an earlier process, which is gone. */
static bool claim(mh_crossings *crossings, mh_crossing *slot, uint64_t at) {
    uint64_t gone = atomic_load(&crossings->taken);
    uint64_t before = atomic_load_explicit(&slot->state, memory_order_relaxed);
    do {
        uint64_t there = before & ~MH_WRITING;
        if (there > at || (there != before && there > gone))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&slot->state, &before, MH_WRITING | (at + 1),
                                                    memory_order_acquire, memory_order_relaxed));
    return true;
}

void mh_crossings_put(mh_crossings *crossings, const mh_crossing *crossing) {
    uint64_t at = atomic_load(&crossings->put);
    do {
        if (atomic_load_explicit(&crossings->taken_out, memory_order_relaxed) &&
            is_full(crossings, at) && !wait_for_room(crossings, at)) {
            atomic_fetch_add(&crossings->dropped, 1);
            return;
        }
    } while (!atomic_compare_exchange_weak(&crossings->put, &at, at + 1));
    mh_crossing *slot = &crossings->ring[at % room(crossings)];
    if (!claim(crossings, slot, at))
        return;
    atomic_thread_fence(memory_order_release); /* for who reads without claiming: the host */
    copy(slot, crossing);
    atomic_store_explicit(&slot->state, at + 1, memory_order_release);
}

/* The other process can write to all of it. Together the texts are not longer than their room, though each
 * may say that it is all of it: MH_CROSSING_TEXT counts on that. */
static void mend(mh_crossing *crossing) {
    unsigned kept = 0;
    crossing->module[MH_MODULE_ROOM - 1] = '\0';
    if (crossing->function >= MH_FUNCTION_KINDS)
        crossing->function = MH_FN_INVOKE;
    if (crossing->count > MH_ARGUMENTS_KEPT)
        crossing->count = MH_ARGUMENTS_KEPT;
    for (int i = 0; i < crossing->count; i++) {
        mh_argument *argument = &crossing->arguments[i];
        if (argument->name >= MH_ARGUMENT_NAMES)
            argument->name = MH_ARG_data;
        if (argument->kept > MH_TEXT_KEPT || argument->at > MH_TEXTS_ROOM - MH_TEXT_KEPT ||
            kept + argument->kept > MH_TEXTS_ROOM)
            argument->at = argument->kept = 0;
        kept += argument->kept;
    }
}

static void read_slot(const mh_crossing *slot, mh_crossing *out) {
    memcpy((char *)out, (const char *)slot, sizeof *out);
    mend(out);
}

bool mh_crossings_take(mh_crossings *crossings, uint64_t *taken, mh_crossing *out) {
    const mh_crossing *slot = &crossings->ring[*taken % MH_RING];
    if (atomic_load(&crossings->put) == *taken ||
        atomic_load_explicit(&slot->state, memory_order_acquire) != *taken + 1)
        return false;
    read_slot(slot, out);
    atomic_store(&crossings->taken, ++*taken);
    return true;
}

bool mh_crossings_open(mh_crossings *crossings, size_t *at, mh_crossing *out) {
    while (*at < MH_OPEN_CROSSINGS) {
        const mh_crossing *slot = &crossings->open[(*at)++];
        if (atomic_load_explicit(&slot->state, memory_order_acquire) != 1)
            continue;
        read_slot(slot, out);
        out->took = MH_UNDER_WAY;
        return true;
    }
    return false;
}

static int by_beginning(const void *left, const void *right) {
    const mh_crossing *a = left, *b = right;
    return a->begun != b->begun ? (a->begun > b->begun) - (a->begun < b->begun)
                                : (a->id > b->id) - (a->id < b->id);
}

size_t mh_crossings_last(mh_crossings *crossings, mh_crossing out[MH_LAST_CROSSINGS]) {
    uint64_t put = atomic_load(&crossings->put);
    size_t count = 0, at = 0;
    while (count < MH_LAST_CROSSINGS && mh_crossings_open(crossings, &at, &out[count]))
        count++;
    for (uint64_t back = 1; back <= put && back <= MH_FEW && count < MH_LAST_CROSSINGS; back++) {
        const mh_crossing *slot = &crossings->ring[(put - back) % room(crossings)];
        if (atomic_load_explicit(&slot->state, memory_order_acquire) != put - back + 1)
            continue;
        read_slot(slot, &out[count]);
        count++;
    }
    qsort(out, count, sizeof *out, by_beginning);
    return count;
}

void mh_crossings_renew(mh_crossings *crossings, uint64_t *taken) {
    *taken += 2 * MH_RING; /* behind all that can lie there */
    atomic_store(&crossings->put, *taken);
    atomic_store(&crossings->taken, *taken);
    atomic_store(&crossings->dropped, 0);
    atomic_store(&crossings->ids, 0);
    for (size_t i = 0; i < MH_OPEN_CROSSINGS; i++)
        atomic_store(&crossings->open[i].state, 0);
}
