/* stats.c - what a module did so far: counts, and on request how long its callbacks took.
 *
 * Times go into a histogram whose buckets are a sixteenth of their value wide, from 1 ns to centuries:
 * noting one costs two looks at the clock and one increment, and nothing grows. */
#define _GNU_SOURCE
#include "core.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FINE_BITS = 4, FINE = 1 << FINE_BITS, BUCKETS = (64 - FINE_BITS + 1) * FINE };

struct mh_histogram {
    _Atomic uint64_t buckets[BUCKETS];
};

mh_counts *mh_counts_new(void) {
    mh_counts *counts = aligned_alloc(_Alignof(mh_counts), MH_SHARES * sizeof *counts);
    if (counts != NULL)
        memset(counts, 0, MH_SHARES * sizeof *counts);
    return counts;
}

mh_histogram *mh_histogram_new(void) { return calloc(1, sizeof(mh_histogram)); }

static unsigned bucket_of(uint64_t value) {
    if (value < FINE)
        return (unsigned)value;
    unsigned shift = 63 - FINE_BITS - (unsigned)__builtin_clzll(value);
    return shift * FINE + (unsigned)(value >> shift);
}

/* The largest value of a bucket. */
static uint64_t most_of(unsigned bucket) {
    if (bucket < 2 * FINE)
        return bucket;
    unsigned shift = bucket / FINE - 1;
    return (((uint64_t)(bucket % FINE + FINE) + 1) << shift) - 1;
}

uint64_t mh_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void mh_note_time(mh_instance *instance, uint64_t begun) {
    uint64_t now = mh_now();
    mh_count(&instance->times->buckets[bucket_of(now > begun ? now - begun : 0)],
             instance->thread_safe);
}

/* What so many of the counted values, of 1000, do not exceed. */
static uint64_t percentile(const mh_histogram *times, uint64_t count, uint64_t of_1000) {
    uint64_t wanted = (count / 1000) * of_1000 + ((count % 1000) * of_1000 + 999) / 1000, seen = 0;
    unsigned bucket = 0;
    for (; bucket < BUCKETS - 1; bucket++)
        if ((seen += times->buckets[bucket]) >= wanted)
            break;
    return most_of(bucket);
}

void mh_instance_stats(const mh_instance *instance, mh_stats *out) {
    *out = (mh_stats){0};
    for (int i = 0; i < MH_SHARES; i++) {
        const mh_counts *share = &instance->counts[i];
        out->passed += share->passed;
        out->consumed += share->consumed;
        out->failed += share->failed;
        out->events += share->events;
        out->sent += share->sent;
        out->logged += share->logged;
    }
    if (instance->times == NULL)
        return;
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++)
        out->timed += instance->times->buckets[bucket];
    if (out->timed == 0)
        return;
    out->p50 = percentile(instance->times, out->timed, 500);
    out->p90 = percentile(instance->times, out->timed, 900);
    out->p99 = percentile(instance->times, out->timed, 990);
    out->p999 = percentile(instance->times, out->timed, 999);
    out->most = percentile(instance->times, out->timed, 1000);
}
