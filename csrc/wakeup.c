/* wakeup.c - how whoever serves a host learns that something waits: an eventfd, without the GIL and
 * without a thread of ours. */
#define _GNU_SOURCE
#include "core.h"

#include <sys/eventfd.h>
#include <unistd.h>

bool mh_wakeup_init(mh_host *host) {
    if (pthread_mutex_init(&host->wakeup_lock, NULL) != 0)
        return false;
    host->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return host->wakeup >= 0;
}

void mh_wakeup_end(mh_host *host) {
    pthread_mutex_lock(&host->wakeup_lock);
    if (host->wakeup >= 0)
        close(host->wakeup);
    host->wakeup = -1;
    pthread_mutex_unlock(&host->wakeup_lock);
}

void mh_wakeup_free(mh_host *host) {
    mh_wakeup_end(host);
    pthread_mutex_destroy(&host->wakeup_lock);
}

int mh_wakeup_fd(const mh_host *host) { return host->wakeup; }

bool mh_serve(mh_host *host) {
    if (host->served)
        return true;
    if (host->hooks.serve == NULL || !host->hooks.serve(host->hooks.context))
        return false;
    host->served = true;
    return true;
}

void mh_wake(mh_host *host) {
    if (atomic_exchange(&host->woken, true))
        return;
    pthread_mutex_lock(&host->wakeup_lock);
    ssize_t written = host->wakeup >= 0 ? write(host->wakeup, &(uint64_t){1}, sizeof(uint64_t)) : 0;
    (void)written; /* it fails only when the counter is full: then it is readable anyway */
    pthread_mutex_unlock(&host->wakeup_lock);
}

void mh_clear_wakeup(mh_host *host) {
    uint64_t count;
    host->server = pthread_self();
    ssize_t got = read(host->wakeup, &count, sizeof count);
    (void)got; /* nothing there: somebody else cleared it */
    /* Behind the read, else it could take a wake-up that came in between, and leave `woken` set with
     * nothing to read: nobody would wake us again. */
    host->woken = false;
}
