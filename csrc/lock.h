/* lock.h - the recursive lock of a host. It stands in the way of every call, so it costs one atomic
 * exchange: glibc's recursive mutex costs two, and its trylock is a call more. */
#ifndef MESIBO_LOCK_H
#define MESIBO_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#else
enum { __libc_single_threaded = 0 };
#endif

typedef struct mh_lock {
    _Atomic uint32_t owner; /* gettid(2) of the thread that has it; 0: nobody. A futex. */
    unsigned depth;         /* how often the owner has taken it again */
    _Atomic int waiting;    /* threads that want to be woken */
} mh_lock; /* zeroed: free */

extern _Thread_local uint32_t mh_thread_id __attribute__((tls_model("initial-exec")));
extern _Atomic bool mh_asymmetric;

uint32_t mh_thread_id_new(void);
/* So many seconds from now, on the monotonic clock. */
struct timespec mh_deadline(double seconds);
bool mh_lock_wait(mh_lock *lock, double seconds);
void mh_lock_wake(mh_lock *lock);
/* Once, before the first lock is used. */
void mh_locks_init(void);
/* In a child of fork, whose thread has another number. */
void mh_locks_forked(void);

static inline uint32_t mh_this_thread(void) {
    return mh_thread_id != 0 ? mh_thread_id : mh_thread_id_new();
}

static inline bool mh_lock_try(mh_lock *lock) {
    uint32_t self = mh_this_thread(), nobody = 0;
    if (atomic_load_explicit(&lock->owner, memory_order_relaxed) == self) {
        lock->depth++;
        return true;
    }
    if (__libc_single_threaded) { /* then nobody can come between; the exchange is most of a call */
        atomic_store_explicit(&lock->owner, self, memory_order_relaxed);
        return true;
    }
    return atomic_compare_exchange_strong_explicit(&lock->owner, &nobody, self,
                                                   memory_order_acquire, memory_order_relaxed);
}

static inline void mh_lock_take(mh_lock *lock) {
    if (!mh_lock_try(lock))
        mh_lock_wait(lock, -1);
}

/* The store must not come after the look at `waiting`, on any processor. Who waits sees to that with
 * membarrier(2), which is dear but rare, so that here only the compiler has to be told. */
static inline void mh_lock_release(mh_lock *lock) {
    if (lock->depth > 0) {
        lock->depth--;
        return;
    }
    if (atomic_load_explicit(&mh_asymmetric, memory_order_relaxed)) {
        atomic_store_explicit(&lock->owner, 0, memory_order_release);
        atomic_signal_fence(memory_order_seq_cst);
    } else {
        atomic_exchange(&lock->owner, 0);
    }
    if (atomic_load(&lock->waiting) > 0)
        mh_lock_wake(lock);
}

#endif
