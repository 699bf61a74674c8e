/* host.c - hosts, and the chain of one. */
#define _GNU_SOURCE
#include "core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The process: a child of fork has neither our threads nor our locks ------------------------- */

unsigned mh_generation;

static void count_fork(void) {
    mh_generation++;
    mh_gate_forked();
    mh_locks_forked();
}

static void set_up(void) {
    pthread_atfork(NULL, NULL, count_fork);
    mh_locks_init();
}

bool mh_host_here(const mh_host *host) { return host->generation == mh_generation; }

/* ---- Hosts --------------------------------------------------------------------------------------- */

static void free_retired(mh_host *host) {
    while (host->retired != NULL) {
        mh_chain *chain = host->retired;
        host->retired = chain->retired;
        mh_instance_unref(chain->retired_member);
        free(chain);
    }
}

/* Its members are those that a chain without them found no memory for. */
static void free_chain(mh_chain *chain) {
    for (size_t i = 0; i < chain->count; i++)
        mh_instance_unref(chain->members[i]);
    free(chain);
}

mh_host *mh_host_new(const mh_hooks *hooks, const mh_limits *limits, bool pass_on_failure) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up);
    mh_host *host = calloc(1, sizeof *host);
    mh_chain *chain = calloc(1, sizeof *chain);
    if (host == NULL || chain == NULL || pthread_mutex_init(&host->mail_lock, NULL) != 0) {
        free(host);
        free(chain);
        errno = ENOMEM;
        return NULL;
    }
    host->holds_gil = true;
    host->chain = chain;
    host->generation = mh_generation;
    host->hooks = *hooks;
    host->limits = *limits;
    host->pass_on_failure = pass_on_failure;
    host->sent.limit = limits->outbox_bytes;
    host->logs.limit = limits->log_bytes;
    host->requests = mh_requests_new(host);
    if (host->requests == NULL || !mh_wakeup_init(host)) {
        int error = errno;
        if (host->requests != NULL)
            mh_requests_free(host->requests);
        pthread_mutex_destroy(&host->mail_lock);
        free(chain);
        free(host);
        errno = error;
        return NULL;
    }
    return host;
}

void mh_host_free(mh_host *host) {
    mh_wakeup_free(host);
    mh_requests_free(host->requests);
    mh_trace_free(host->trace);
    free_retired(host);
    free_chain(host->chain);
    mh_queue_free(&host->sent);
    mh_queue_free(&host->logs);
    pthread_mutex_destroy(&host->mail_lock);
    free(host);
}

void mh_host_time(mh_host *host) { host->timed = true; }
void mh_host_stop(mh_host *host) {
    mh_requests_stop(host->requests);
    mh_trace_end(host->trace);
    mh_wakeup_end(host);
}
void mh_host_hurry(mh_host *host) { host->hurried = true; }

void mh_host_refuse(mh_host *host) {
    host->refusing = true;
    mh_requests_hurry(host->requests, NULL, 0);
}

/* ---- Changing the chain ---------------------------------------------------------------------------
 *
 * A pass reads one chain from end to end, so a change makes a new one. The old one is freed when no
 * pass is under way that may still read it; until then it waits among the retired, together with
 * the instance that was taken off. */

static mh_chain *chain_for(size_t count) {
    mh_chain *chain = calloc(1, sizeof *chain + count * sizeof(mh_instance *));
    if (chain != NULL)
        chain->count = count;
    return chain;
}

static void publish(mh_host *host, mh_chain *next, mh_instance *removed) {
    bool released = false;
    for (size_t i = 0; i < next->count; i++) {
        const mh_instance *member = next->members[i];
        next->serial |= !member->thread_safe;
        released |= member->scripted ? member->thread_safe : !member->hold_gil;
    }
    host->holds_gil = !released;
    host->serial = next->serial;
    mh_chain *old = atomic_exchange(&host->chain, next);
    old->retired_member = removed;
    old->retired = host->retired;
    host->retired = old;
    if (host->free_passes == 0 && host->locked_passes == 0)
        free_retired(host);
}

bool mh_chain_append(mh_host *host, mh_instance *instance) {
    const mh_chain *chain = host->chain;
    mh_chain *next = chain_for(chain->count + 1);
    if (next == NULL)
        return false;
    memcpy(next->members, chain->members, chain->count * sizeof(mh_instance *));
    next->members[chain->count] = instance;
    mh_instance_ref(instance);
    publish(host, next, NULL);
    return true;
}

bool mh_chain_remove(mh_host *host, mh_instance *instance) {
    const mh_chain *chain = host->chain;
    size_t at = 0;
    while (at < chain->count && chain->members[at] != instance)
        at++;
    if (at == chain->count)
        return true;
    mh_chain *next = chain_for(chain->count - 1);
    if (next == NULL)
        return false;
    memcpy(next->members, chain->members, at * sizeof(mh_instance *));
    memcpy(next->members + at, chain->members + at + 1,
           (next->count - at) * sizeof(mh_instance *));
    publish(host, next, instance);
    return true;
}

