/* lock.c - the rare half of the host's lock: waiting, and waking. */
#define _GNU_SOURCE
#include "lock.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local uint32_t mh_thread_id __attribute__((tls_model("initial-exec")));
_Atomic bool mh_asymmetric;

uint32_t mh_thread_id_new(void) { return mh_thread_id = (uint32_t)gettid(); }

void mh_locks_forked(void) { mh_thread_id = 0; }

static bool membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0) == 0; }

void mh_locks_init(void) {
    mh_asymmetric = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

struct timespec mh_deadline(double seconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)seconds;
    until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

static bool is_past(const struct timespec *until) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > until->tv_sec ||
           (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

/* Sleeps as long as the lock is `owner`'s. (Early returns are fine: the caller looks again.) */
static void sleep_while(mh_lock *lock, uint32_t owner, const struct timespec *until) {
    syscall(SYS_futex, &lock->owner, FUTEX_WAIT_BITSET_PRIVATE, owner, until, NULL,
            FUTEX_BITSET_MATCH_ANY);
}

/* Takes the lock, which somebody else has; false: not within `seconds` (negative: no bound). */
bool mh_lock_wait(mh_lock *lock, double seconds) {
    uint32_t self = mh_this_thread(), owner = 0;
    struct timespec until = mh_deadline(seconds < 0 ? 0 : seconds);
    bool taken = false;
    atomic_fetch_add(&lock->waiting, 1);
    /* From here on an owner that lets go sees that we wait, or we see that it has let go. */
    if (mh_asymmetric)
        membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    while (!(taken = atomic_compare_exchange_strong(&lock->owner, &owner, self)) &&
           (seconds < 0 || !is_past(&until))) {
        sleep_while(lock, owner, seconds < 0 ? NULL : &until);
        owner = 0;
    }
    atomic_fetch_sub(&lock->waiting, 1);
    return taken;
}

void mh_lock_wake(mh_lock *lock) {
    syscall(SYS_futex, &lock->owner, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
