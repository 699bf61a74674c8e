/* zygote.c - the parent of the worker: forks it, sees it end, ends it. It has one thread, opens nothing
 * of the module's, and ends when the host does: then its socket closes. */
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t host;
static pid_t worker; /* 0: none */

/* In the child of a fork; never returns. */
static _Noreturn void become_worker(pid_t zygote, int signals) {
    sigset_t none;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* of a process with one thread: it means the end of that */
    if (getppid() != zygote)
        syscall(SYS_exit_group, 1);
    close(CONTROL_FD);
    close(signals);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    fence_raise(host, zygote);
    worker_run();
}

static void tell_gone(int status, uint64_t spent) {
    mh_gone gone = {.status = status, .spent = spent};
    atomic_store(&channel->worker, 0);
    mh_bell_end(&channel->outside);
    mh_bell_end(&channel->to_host);
    /* The last: whoever hears of it may start another one at once. */
    if (send(CONTROL_FD, &gone, sizeof gone, MSG_NOSIGNAL) != sizeof gone)
        syscall(SYS_exit_group, 1);
}

static void start(int signals) {
    pid_t zygote = getpid();
    worker = fork();
    if (worker == 0)
        become_worker(zygote, signals);
    if (worker < 0) {
        worker = 0;
        tell_gone(0, 0);
        return;
    }
    setpgid(worker, worker); /* whoever comes first */
    atomic_store(&channel->worker, worker);
}

/* What the module forked off and took out of its group came to us when the worker ended. A long list is
 * read in part, and the last number then perhaps as well: the rest is for the next time. */
static void kill_strays(void) {
    char list[4096];
    int file = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, list, sizeof list - 1) : 0;
    if (file >= 0)
        close(file);
    list[size > 0 ? size : 0] = '\0';
    char *at = list, *end;
    for (long child; (child = strtol(at, &end, 10)) > 0 && *end == ' '; at = end)
        kill((pid_t)child, SIGKILL);
}

static uint64_t nanoseconds(struct timeval of) {
    return (uint64_t)of.tv_sec * 1000000000 + (uint64_t)of.tv_usec * 1000;
}

/* Nothing of the worker is left behind this. The group is killed while its leader is still there: its
 * number cannot be anybody else's yet. */
static void bury(void) {
    int status = 0;
    struct rusage used = {.ru_maxrss = 0};
    kill(-worker, SIGKILL);
    while (wait4(worker, &status, 0, &used) < 0 && errno == EINTR)
        continue;
    worker = 0;
    for (;;) {
        kill_strays();
        if (waitpid(-1, NULL, 0) < 0 && errno != EINTR)
            break;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
    }
    tell_gone(status, nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime));
}

static bool has_ended(int options) {
    siginfo_t info = {.si_pid = 0};
    while (waitid(P_PID, (id_t)worker, &info, WEXITED | WNOWAIT | options) != 0 && errno == EINTR)
        continue;
    return info.si_pid != 0;
}

static bool host_is_there(void) {
    struct pollfd control = {.fd = CONTROL_FD, .events = POLLIN};
    return poll(&control, 1, 0) == 0 || (control.revents & POLLHUP) == 0;
}

/* Moments of half a millisecond: a signal may be blocked, but a report that is begun is only slow. The host
 * waits longer. */
enum { TO_BEGIN = 1000, TO_SAY = 6000 };

/* Lets it say where it hangs, if it still can, and a debugger look. */
static void end_hung(void) {
    struct timespec moment = {0, 500000};
    syscall(SYS_tgkill, worker, worker, hang_signal());
    for (int i = 0; i < (channel->crash.stage > 0 ? TO_SAY : TO_BEGIN) && !has_ended(WNOHANG) &&
                    host_is_there();
         i += !mh_is_stopped(channel))
        nanosleep(&moment, NULL);
    kill(worker, SIGKILL);
    bury();
}

static void reap(int signals) {
    struct signalfd_siginfo told;
    ssize_t got = read(signals, &told, sizeof told);
    (void)got; /* several children may stand behind one signal: each is asked for */
    if (worker != 0 && has_ended(WNOHANG)) {
        bury();
        return;
    }
    siginfo_t other = {.si_pid = 0}; /* a stray that ended by itself */
    while (waitid(P_ALL, 0, &other, WEXITED | WNOHANG | WNOWAIT) == 0 && other.si_pid != 0 &&
           other.si_pid != worker) {
        waitpid(other.si_pid, NULL, 0);
        other.si_pid = 0;
    }
}

static void obey(char command, int signals) {
    if (command == COMMAND_START && worker == 0)
        start(signals);
    if (command == COMMAND_KILL && worker != 0) {
        kill(worker, SIGKILL);
        bury();
    }
    if (command == COMMAND_HUNG && worker != 0)
        end_hung();
}

_Noreturn void zygote_run(void) {
    sigset_t children;
    host = getppid();
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_SETMASK, &children, NULL);
    int signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) { /* it would never see its worker end */
        fprintf(stderr, "mesibo-abi-worker: no signalfd: %s\n", strerror(errno));
        syscall(SYS_exit_group, 1);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "mesibo-zygote");
    crash_prepare_forks();
    for (;;) {
        struct pollfd waits[] = {{.fd = CONTROL_FD, .events = POLLIN},
                                 {.fd = signals, .events = POLLIN}};
        char command;
        if (poll(waits, 2, -1) < 0)
            continue;
        if (waits[1].revents != 0)
            reap(signals);
        if (waits[0].revents != 0) {
            ssize_t got = read(CONTROL_FD, &command, 1);
            if (got < 0 && errno == EINTR)
                continue;
            if (got != 1)
                break;
            obey(command, signals);
        }
    }
    if (worker != 0) {
        kill(worker, SIGKILL);
        bury();
    }
    syscall(SYS_exit_group, 0);
    __builtin_unreachable();
}
