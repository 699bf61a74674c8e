/* Threads that take the lock, some of them twice, with and without a bound, and sleep in between: no
 * step of a plain counter is lost, and nobody sleeps for good. */
#define _GNU_SOURCE
#include "lock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS = 8, TURNS = 20000 };

static mh_lock lock;
static long counter;

static void *take_turns(void *data) {
    long number = (long)data;
    for (int turn = 0; turn < TURNS; turn++) {
        bool taken = (number + turn) % 3 == 0 && !mh_lock_try(&lock) && !mh_lock_wait(&lock, 60);
        if (taken)
            abort();
        if ((number + turn) % 3 != 0)
            mh_lock_take(&lock);
        mh_lock_take(&lock);
        counter++;
        if (turn % 1000 == 0) /* with the lock held: the others have to sleep */
            nanosleep(&(struct timespec){0, 100000}, NULL);
        mh_lock_release(&lock);
        mh_lock_release(&lock);
    }
    return NULL;
}

static void *give_up(void *unused) {
    if (mh_lock_try(&lock) || mh_lock_wait(&lock, 0.05))
        abort();
    return unused;
}

static void run(void *(*what)(void *), int count) {
    pthread_t threads[THREADS];
    for (long i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, what, (void *)i) != 0)
            abort();
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 1) /* with an argument: as where the kernel has no membarrier(2) */
        mh_locks_init();
    run(take_turns, THREADS);
    printf("%ld of %d\n", counter, THREADS * TURNS);
    mh_lock_take(&lock);
    run(give_up, 2);
    mh_lock_release(&lock);
    printf("owner %u, depth %u, waiting %d\n", lock.owner, lock.depth, lock.waiting);
    return 0;
}
