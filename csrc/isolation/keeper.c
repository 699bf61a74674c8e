/* keeper.c - the life of a worker: the zygote that it is forked from, and whether there is another one behind
 * it. */
#define _GNU_SOURCE
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* ---- All of the process: a child of fork must not keep their sockets open ---------------------------- */

static mh_remote *remotes;
static pthread_mutex_t remotes_lock = PTHREAD_MUTEX_INITIALIZER;

static void before_fork(void) { pthread_mutex_lock(&remotes_lock); }
static void after_fork(void) { pthread_mutex_unlock(&remotes_lock); }
static void in_child(void) {
    for (mh_remote *remote = remotes; remote != NULL; remote = remote->next)
        close(remote->control), close(remote->memory);
    remotes = NULL;
    pthread_mutex_unlock(&remotes_lock);
}

__attribute__((constructor)) static void guard_forks(void) {
    pthread_atfork(before_fork, after_fork, in_child);
}

static void enlist(mh_remote *remote) {
    pthread_mutex_lock(&remotes_lock);
    remote->next = remotes;
    remotes = remote;
    pthread_mutex_unlock(&remotes_lock);
}

static void strike(mh_remote *remote) {
    pthread_mutex_lock(&remotes_lock);
    mh_remote **link = &remotes;
    while (*link != NULL && *link != remote)
        link = &(*link)->next;
    if (*link != NULL)
        *link = remote->next;
    pthread_mutex_unlock(&remotes_lock);
}

/* ---- The zygote --------------------------------------------------------------------------------------- */

enum {
    SAFE_FD = 16, /* above those that the zygote is started with */
    PATIENCE_MS = 5000,
    LONG_MS = 12 * PATIENCE_MS /* it may have a thousand processes to bury, on a busy machine */
};

static int moved_up(int fd) {
    int moved = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, SAFE_FD) : -1;
    if (fd >= 0)
        close(fd);
    return moved;
}

static int spawn(mh_remote *remote, int memory, int control) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    char *const arguments[] = {(char *)(uintptr_t)remote->how.worker, NULL};
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                  POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        if ((error = posix_spawn_file_actions_adddup2(&files, control, CONTROL_FD)) == 0 &&
            (error = posix_spawn_file_actions_adddup2(&files, memory, MEMORY_FD)) == 0)
            error = posix_spawn(&remote->zygote, remote->how.worker, &files, &attributes, arguments,
                                environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Returns an errno. */
static int make_memory(mh_remote *remote) {
    remote->memory = moved_up(memfd_create("mesibo-module", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    /* Nobody makes it shorter, under the host that has it mapped. */
    if (remote->memory < 0 || ftruncate(remote->memory, (off_t)MH_CHANNEL_SIZE) != 0 ||
        fcntl(remote->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0 ||
        (remote->channel = mh_channel_map(remote->memory)) == NULL)
        return errno;
    return 0;
}

/* `ours`: our end of its socket. Returns an errno. */
static int make_zygote(mh_remote *remote, int *ours) {
    int ends[2] = {-1, -1};
    int error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ? errno : 0;
    int theirs = moved_up(ends[1]);
    *ours = moved_up(ends[0]);
    if (error == 0 && (theirs < 0 || *ours < 0))
        error = errno;
    if (error == 0)
        error = spawn(remote, remote->memory, theirs);
    if (theirs >= 0)
        close(theirs);
    return error;
}

bool mh_remote_command(const mh_remote *remote, char command) {
    ssize_t sent;
    while ((sent = send(remote->control, &command, 1, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        continue;
    return sent == 1;
}

bool mh_remote_hears_end(mh_remote *remote, double seconds) {
    struct pollfd there = {.fd = remote->control, .events = POLLIN};
    mh_gone gone = {.status = SIGKILL}; /* which it gets where its zygote ends */
    int ready = 0;
    while (!remote->heard && (ready = poll(&there, 1, (int)(seconds * 1e3))) < 0 && errno == EINTR)
        continue;
    if (remote->heard || ready <= 0)
        return remote->heard;
    ssize_t got = recv(remote->control, &gone, sizeof gone, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    remote->gone = gone;
    return remote->heard = true;
}

bool mh_remote_zygote_stands(const mh_remote *remote) {
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)remote->zygote, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

static bool has_zygote(const mh_remote *remote) {
    struct pollfd there = {.fd = remote->control, .events = POLLIN};
    return poll(&there, 1, 0) <= 0 || (there.revents & (POLLHUP | POLLERR)) == 0;
}

static void end_bells(mh_remote *remote) {
    mh_bell_end(&remote->channel->outside);
    mh_bell_end(&remote->channel->to_host);
}

/* With the lock: that a zygote is gone is not said when there is another one. */
void mh_remote_look_after(mh_remote *remote) {
    pthread_mutex_lock(&remotes_lock);
    if (!has_zygote(remote))
        end_bells(remote);
    pthread_mutex_unlock(&remotes_lock);
}

/* It ends when its socket is closed, unless somebody stopped it. */
static void wait_for_zygote(mh_remote *remote) {
    struct timespec moment = {0, 1000000};
    for (int i = 0; remote->zygote > 0; i++) {
        pid_t ended = waitpid(remote->zygote, NULL, WNOHANG);
        if (ended > 0 || (ended < 0 && errno != EINTR))
            break;
        if (i == LONG_MS || (i >= PATIENCE_MS && mh_remote_zygote_stands(remote)))
            kill(remote->zygote, SIGKILL);
        nanosleep(&moment, NULL);
    }
}

/* It was killed, and the worker with it: the kernel does that before it lets us know here. The socket has
 * the same number, as others look at that. */
static void renew_zygote(mh_remote *remote) {
    int ours = -1, moved = -1;
    wait_for_zygote(remote);
    remote->zygote = 0;
    if (make_zygote(remote, &ours) == 0) {
        pthread_mutex_lock(&remotes_lock);
        while ((moved = dup3(ours, remote->control, O_CLOEXEC)) < 0 && (errno == EINTR || errno == EBUSY))
            continue;
        pthread_mutex_unlock(&remotes_lock);
    }
    if (ours >= 0)
        close(ours);
    if (remote->zygote > 0 && moved < 0) { /* nobody can talk to it: it ends */
        wait_for_zygote(remote);
        remote->zygote = 0;
    }
}

static void release(mh_remote *remote) {
    if (remote->memory >= 0)
        close(remote->memory);
    remote->memory = -1;
    if (remote->control >= 0)
        close(remote->control);
    wait_for_zygote(remote);
    remote->zygote = 0;
    remote->control = -1;
}

static mh_remote *allocate(mh_instance *instance, const mh_load *what) {
    mh_remote *remote = calloc(1, sizeof *remote);
    if (remote == NULL)
        return NULL;
    const mh_limits *limits = &instance->host->limits;
    remote->instance = instance;
    remote->control = remote->memory = -1;
    remote->how = *what->isolation;
    remote->how.worker = strdup(what->isolation->worker);
    remote->load_size = mh_load_write(NULL, what, limits);
    remote->load = malloc(remote->load_size);
    if (remote->how.restarts > 0 && remote->how.restarts < UINT_MAX)
        remote->restarts = calloc(remote->how.restarts, sizeof *remote->restarts);
    bool counted = remote->how.restarts == 0 || remote->how.restarts == UINT_MAX;
    if (remote->how.worker != NULL && remote->load != NULL && (counted || remote->restarts != NULL)) {
        mh_load_write(remote->load, what, limits);
        return remote;
    }
    mh_remote_free(remote);
    return NULL;
}

mh_remote *mh_remote_new(mh_instance *instance, const mh_load *what, char *why, size_t size) {
    mh_remote *remote = allocate(instance, what);
    int error = remote != NULL ? make_memory(remote) : ENOMEM;
    if (error == 0)
        error = make_zygote(remote, &remote->control);
    if (error == 0) {
        remote->source = (mh_source){.crossings = mh_crossings_region(remote->channel),
                                     .label = instance->label};
        if (!mh_trace_join(instance->host->trace, &remote->source))
            error = EAGAIN;
    }
    if (error == 0 && !mh_listener_start(remote)) {
        mh_trace_leave(instance->host->trace, &remote->source);
        error = EAGAIN;
    }
    if (error == 0) {
        enlist(remote);
        return remote;
    }
    snprintf(why, size, "%s: %s", what->isolation->worker, strerror(error));
    if (remote != NULL) {
        release(remote);
        mh_remote_free(remote);
    }
    return NULL;
}

void mh_remote_stop(mh_remote *remote) {
    mh_listener_stop(remote);
    mh_trace_leave(remote->instance->host->trace, &remote->source);
    strike(remote);
    release(remote);
}

void mh_remote_free(mh_remote *remote) {
    if (remote->channel != NULL)
        mh_channel_unmap(remote->channel);
    free((char *)(uintptr_t)remote->how.worker);
    free(remote->load);
    free(remote->restarts);
    free(remote);
}

/* ---- Workers ------------------------------------------------------------------------------------------- */

void mh_remote_start(mh_remote *remote) {
    mh_channel *channel = remote->channel;
    if (!has_zygote(remote))
        renew_zygote(remote);
    memset(&channel->crash, 0, sizeof channel->crash);
    mh_trace_renew(remote->instance->host->trace, &remote->source);
    remote->damage.field = NULL;
    remote->instance->damaged_in = NULL;
    remote->hung = remote->scribbled = remote->heard = false;
    remote->mail_head = 0;
    atomic_store(&channel->mail_end, 0);
    /* Nobody sleeps there who could not say so any more. */
    atomic_store(&channel->to_worker.sleepers, 0);
    atomic_store(&channel->outside_done.sleepers, 0);
    atomic_store(&channel->news.sleepers, 0);
    atomic_store(&channel->to_host.sleepers, 0);
    atomic_store(&channel->outside.sleepers, 1); /* the listener: it may, and an old worker have hidden it */
    channel->stops = remote->instance->host->hooks.stopped != NULL;
    atomic_store(&channel->stopped, 0);
    channel->seen = mh_bell_count(&channel->to_worker);
    channel->life = ++remote->life;
    remote->seen = mh_bell_count(&channel->to_host);
    mh_bell_renew(&channel->to_host);
    mh_bell_renew(&channel->outside);
    /* Nobody ends these, but an old worker may have written there: the new one would never wait. */
    mh_bell_renew(&channel->to_worker);
    mh_bell_renew(&channel->outside_done);
    mh_bell_renew(&channel->news);
    remote->up = true;
    remote->alive = remote->life;
    if (!mh_remote_command(remote, COMMAND_START)) {
        if (remote->zygote > 0)
            kill(remote->zygote, SIGKILL); /* if it is there, nobody can tell it anything */
        end_bells(remote);
    }
}

/* ---- Whether there is another ------------------------------------------------------------------------------ */

static bool may_restart(mh_remote *remote) {
    unsigned limit = remote->how.restarts;
    double now = (double)mh_now() / 1e9;
    if (limit == 0 || limit == UINT_MAX)
        return limit != 0;
    double *oldest = &remote->restarts[remote->restart_count % limit];
    if (remote->restart_count >= limit && now - *oldest < remote->how.period)
        return false;
    *oldest = now;
    remote->restart_count++;
    return true;
}

static const char *words_of(const mh_refusal *refusal) {
    switch (refusal->kind) {
    case MH_NO_MEMORY: return "no memory";
    case MH_INIT_DAMAGED: return "its init overwrote its struct";
    case MH_BAD_SLOT: return "a callback points at no code";
    default: return refusal->text[0] != '\0' ? refusal->text : "its init failed";
    }
}

bool mh_remote_revive(mh_remote *remote) {
    mh_refusal refusal = {.kind = MH_ACCEPTED};
    if (remote->depth > 0 || remote->instance->state != MH_OPEN || !may_restart(remote))
        return false;
    if (mh_remote_load(remote, &refusal))
        return true;
    if (remote->up) { /* it said no */
        remote->refused = refusal.kind == MH_INIT_REFUSED;
        remote->refused_code = refusal.code;
        if (remote->refused)
            mh_report(remote->instance, "started again, but its init returned %d: it is down",
                      (int)refusal.code);
        else
            mh_report(remote->instance, "started again, but it could not be loaded: %s: it is down",
                      words_of(&refusal));
        mh_remote_end_worker(remote, COMMAND_KILL);
    }
    remote->up = false;
    return false;
}

void mh_remote_notice(mh_remote *remote) {
    if (!remote->up || remote->depth > 0 || remote->instance->state != MH_OPEN ||
        !mh_remote_is_gone(remote))
        return;
    mh_frame frame;
    mh_push(&frame, remote->instance, NULL, NULL);
    mh_remote_mourn(remote, NULL);
    mh_remote_revive(remote);
    mh_pop(&frame);
}
