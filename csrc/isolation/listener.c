/* listener.c - a thread of the host's for each worker: it takes what the module's own threads send and
 * log, at any time, and notices when the worker ends while nobody calls it. */
#define _GNU_SOURCE
#include "remote.h"

#include <signal.h>
#include <sys/mman.h>
#include <time.h>

static const double SLICE = 5.0; /* seconds: then it looks whether the zygote is there, and all else again */
enum { KEPT = 1 << 20 };

static void take(mh_remote *remote) {
    mh_channel *channel = remote->channel;
    uint64_t size = ((const mh_mail_record *)(void *)mh_outside_region(channel))->size;
    channel->outside_result = mh_remote_take_outside(remote);
    if (size > KEPT && size <= MH_REGION)
        madvise(mh_outside_region(channel), size, MADV_REMOVE);
    mh_bell_ring(&channel->outside_done);
}

/* Who has the lock may wait for an answer of the network, to a worker that is gone. */
static void hurry(mh_remote *remote) {
    uint32_t life = remote->alive;
    if (life != 0 && (atomic_load(&remote->channel->outside.count) & MH_GONE) != 0)
        mh_requests_hurry(remote->instance->host->requests, remote->instance, life);
}

typedef enum noticed { NOTHING, NOT_YET, RENEWED, DOWN } noticed;

/* Who has the lock notices by himself; and while he waits for the module, we are wanted elsewhere. */
static noticed notice(mh_remote *remote) {
    mh_lock *lock = &remote->instance->host->lock;
    if (!mh_lock_try(lock)) {
        hurry(remote);
        return NOT_YET;
    }
    uint32_t life = remote->life;
    mh_remote_notice(remote);
    noticed found = !remote->up ? DOWN : remote->life != life ? RENEWED : NOT_YET;
    mh_lock_release(lock);
    return found; /* not yet: the other bell does not say so, or somebody else has renewed it */
}

static void *listen(void *data) {
    mh_remote *remote = data;
    mh_bell *bell = &remote->channel->outside;
    uint32_t seen = remote->outside_seen, known = seen;
    struct timespec moment = {0, 1000000};
    while (!remote->stopping) {
        if (!mh_bell_wait(bell, known, SLICE)) {
            mh_remote_look_after(remote);
            if (remote->alive != 0) /* one that was down is up again, and may be gone: the bell is as it was then */
                known = seen;
            continue;
        }
        known = atomic_load(&bell->count);
        if (remote->stopping)
            break;
        if (mh_is_stopped(remote->channel)) {
            mh_remote_show(remote);
            known = seen = known & ~MH_GONE; /* there may be more, or it may be gone by now */
            continue;
        }
        bool is_new = (known & ~MH_GONE) != seen, is_gone = (known & MH_GONE) != 0;
        seen = known & ~MH_GONE;
        if (is_new && !is_gone) /* else nobody waits for it */
            take(remote);
        noticed found = is_gone ? notice(remote) : NOTHING;
        if (found == NOT_YET || found == RENEWED)
            known = seen; /* a new one may be gone already: that is to be seen as well */
        if (found == NOT_YET)
            nanosleep(&moment, NULL);
    }
    return NULL;
}

bool mh_listener_start(mh_remote *remote) {
    sigset_t all, before;
    sigfillset(&all);
    remote->outside_seen = mh_bell_count(&remote->channel->outside);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    remote->listening = pthread_create(&remote->listener, NULL, listen, remote) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return remote->listening;
}

void mh_listener_stop(mh_remote *remote) {
    if (!remote->listening)
        return;
    remote->stopping = true;
    mh_bell_ring(&remote->channel->outside);
    pthread_join(remote->listener, NULL);
    remote->listening = false;
}
