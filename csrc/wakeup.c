/* wakeup.c - how whoever serves a host learns that something waits: an eventfd, without the GIL and
 * without a thread of ours. */
#define _GNU_SOURCE
#include "core.h"

#include <sys/eventfd.h>
#include <unistd.h>

bool mh_wakeup_init(mh_host *host) {
    host->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return host->wakeup >= 0;
}

void mh_wakeup_free(mh_host *host) { close(host->wakeup); }

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
    ssize_t written = write(host->wakeup, &(uint64_t){1}, sizeof(uint64_t));
    (void)written; /* it fails only when the counter is full: then it is readable anyway */
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
