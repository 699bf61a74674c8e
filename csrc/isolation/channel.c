/* channel.c - the shared memory of a host and a worker, and how one waits for the other. */
#define _GNU_SOURCE
#include "channel.h"

#include <errno.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* On both sides nothing can be read: three gigabytes beside a library would make any length that a module
 * gives for its literals one that can be. */
enum { GUARD = 64 << 10 };
#define SPAN (GUARD + MH_CHANNEL_SIZE + GUARD)

mh_channel *mh_channel_map(int memory) {
    char *low = mmap(NULL, SPAN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (low == MAP_FAILED)
        return NULL;
    void *mapped = mmap(low + GUARD, MH_CHANNEL_SIZE, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_NORESERVE | MAP_FIXED, memory, 0);
    if (mapped != MAP_FAILED)
        return mapped;
    int error = errno;
    munmap(low, SPAN);
    errno = error;
    return NULL;
}

void mh_channel_unmap(mh_channel *channel) { munmap((char *)channel - GUARD, SPAN); }

static void wake(mh_bell *bell) {
    if (atomic_load(&bell->sleepers) > 0)
        syscall(SYS_futex, &bell->count, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void mh_bell_ring(mh_bell *bell) {
    /* The highest bit is not counted into. */
    uint32_t before = atomic_load(&bell->count);
    while (!atomic_compare_exchange_weak(&bell->count, &before,
                                         (before & MH_GONE) | ((before + 1) & ~MH_GONE)))
        continue;
    wake(bell);
}

void mh_bell_end(mh_bell *bell) {
    atomic_fetch_or(&bell->count, MH_GONE);
    wake(bell);
}

void mh_bell_renew(mh_bell *bell) {
    atomic_fetch_and(&bell->count, ~MH_GONE);
    wake(bell);
}

static bool has_changed(const mh_bell *bell, uint32_t seen) {
    return atomic_load_explicit(&bell->count, memory_order_acquire) != seen;
}

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* How often it looks before it sleeps, at most: some tens of microseconds. The host takes ten to make the
 * next batch of 64, and to wake who sleeps on an idle processor takes longer than the batch. Where others
 * are busy too, looking is in vain: then it looks less and less often, and now and then as long as it may.
 * Where there is but one processor, every moment of it is the other side's: between two looks it lets the
 * other side run, which is half of what it takes to sleep and to be woken. */
enum { LOOKS = 3000, YIELDS = 8, FEWEST = 4, ANEW = 64 };

static bool is_alone_here(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) < 2;
}

bool mh_bell_look(const mh_bell *bell, uint32_t seen) {
    static _Thread_local int looks = LOOKS;
    static _Thread_local unsigned times;
    static _Thread_local bool one_processor;
    bool anew = times++ % ANEW == 0;
    if (anew)
        one_processor = is_alone_here();
    int most = one_processor ? YIELDS : LOOKS;
    for (int left = anew || looks > most ? most : looks; left > 0; left--) {
        if (has_changed(bell, seen)) {
            looks = most;
            return true;
        }
        if (one_processor)
            sched_yield();
        else
            relax();
    }
    looks = looks / 2 > FEWEST ? looks / 2 : FEWEST;
    return has_changed(bell, seen);
}

static double monotonic(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool mh_bell_wait(mh_bell *bell, uint32_t seen, double seconds) {
    double end = seconds >= 0 ? monotonic() + seconds : 0;
    atomic_fetch_add(&bell->sleepers, 1);
    bool changed;
    while (!(changed = has_changed(bell, seen))) {
        double left = seconds >= 0 ? end - monotonic() : 3600;
        if (left <= 0)
            break;
        struct timespec bound = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
        syscall(SYS_futex, &bell->count, FUTEX_WAIT, seen, &bound, NULL, 0);
    }
    atomic_fetch_sub(&bell->sleepers, 1);
    return changed;
}
