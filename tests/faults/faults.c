/* faults.c - see faults.h. */
#define _GNU_SOURCE
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

fault_plan *faults;
__attribute__((weak)) const char *fault_role = "worker";

int __real_open(const char *path, int flags, ...);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);

__attribute__((constructor)) static void find_plan(void) {
    const char *path = getenv("FAULTS_PLAN");
    int file = path != NULL ? __real_open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = __real_mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    faults = mapped != MAP_FAILED ? mapped : NULL;
    close(file);
}

/* ---- Whether this is the one ---------------------------------------------------------------------- */

typedef enum kind { TAKES, WORKS, WAITS } kind; /* something; anything else; for something */

static bool is_counted(kind kind) {
    if (faults == NULL || strcmp(fault_role, faults->role) != 0)
        return false;
    switch (atomic_load(&faults->mode)) {
    case FAULTS_ONCE: return true;
    case FAULTS_INTERRUPTED: return kind == WAITS;
    case FAULTS_EXHAUSTED: return kind == TAKES;
    default: return false;
    }
}

static bool is_next(kind kind, const char *name, const void *where) {
    if (!is_counted(kind))
        return false;
    int64_t left = atomic_fetch_sub(&faults->left, 1) - 1;
    atomic_fetch_add(&faults->counted, 1);
    if (left > 0 || (left < 0 && faults->mode != FAULTS_EXHAUSTED))
        return false;
    if (left == 0) {
        faults->where = (uint64_t)(uintptr_t)where;
        strncpy(faults->failed, name, sizeof faults->failed - 1);
    }
    return true;
}

/* What a call returns that fails with this error, or is interrupted. */
static long error_of(int error) {
    errno = faults->mode == FAULTS_INTERRUPTED ? EINTR : error;
    return -1;
}

static void *null_with(int error) {
    error_of(error);
    return NULL;
}

/* ---- The calls -------------------------------------------------------------------------------------- */

#define WRAP(kind, type, name, parameters, arguments, failing) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters { \
        return is_next(kind, #name, __builtin_return_address(0)) ? (type)(failing) \
                                                                 : __real_##name arguments; \
    }

WRAP(TAKES, void *, malloc, (size_t size), (size), null_with(ENOMEM))
WRAP(TAKES, void *, calloc, (size_t count, size_t size), (count, size), null_with(ENOMEM))
WRAP(TAKES, void *, realloc, (void *old, size_t size), (old, size), null_with(ENOMEM))
WRAP(TAKES, void *, aligned_alloc, (size_t to, size_t size), (to, size), null_with(ENOMEM))
WRAP(TAKES, char *, strdup, (const char *text), (text), null_with(ENOMEM))
WRAP(TAKES, FILE *, fopen, (const char *path, const char *mode), (path, mode), null_with(EMFILE))
WRAP(TAKES, int, memfd_create, (const char *name, unsigned flags), (name, flags), error_of(EMFILE))
WRAP(TAKES, int, ftruncate, (int file, off_t size), (file, size), error_of(ENOSPC))
WRAP(TAKES, int, eventfd, (unsigned count, int flags), (count, flags), error_of(EMFILE))
WRAP(TAKES, int, pipe, (int *ends), (ends), error_of(EMFILE))
WRAP(TAKES, int, pipe2, (int *ends, int flags), (ends, flags), error_of(EMFILE))
WRAP(TAKES, int, signalfd, (int file, const sigset_t *mask, int flags), (file, mask, flags), error_of(EMFILE))
WRAP(TAKES, int, socketpair, (int domain, int type, int protocol, int *ends),
     (domain, type, protocol, ends), error_of(EMFILE))
WRAP(TAKES, pid_t, fork, (void), (), error_of(EAGAIN))
WRAP(TAKES, void *, dlopen, (const char *path, int flags), (path, flags), NULL)
WRAP(TAKES, int, pthread_create,
     (pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *data),
     (thread, how, run, data), EAGAIN)
WRAP(TAKES, int, posix_spawn,
     (pid_t *child, const char *path, const posix_spawn_file_actions_t *files,
      const posix_spawnattr_t *how, char *const *arguments, char *const *environment),
     (child, path, files, how, arguments, environment), EAGAIN)
WRAP(TAKES, int, posix_spawn_file_actions_init, (posix_spawn_file_actions_t *files), (files), ENOMEM)
WRAP(TAKES, int, posix_spawn_file_actions_adddup2,
     (posix_spawn_file_actions_t *files, int from, int to), (files, from, to), ENOMEM)
WRAP(TAKES, int, posix_spawnattr_init, (posix_spawnattr_t *how), (how), ENOMEM)
WRAP(TAKES, int, atexit, (void (*run)(void)), (run), ENOMEM)
WRAP(TAKES, int, pthread_atfork, (void (*before)(void), void (*here)(void), void (*child)(void)),
     (before, here, child), ENOMEM)
WRAP(TAKES, int, pthread_attr_init, (pthread_attr_t *how), (how), ENOMEM)
WRAP(TAKES, int, pthread_getattr_np, (pthread_t of, pthread_attr_t *how), (of, how), ENOMEM)
WRAP(WORKS, int, pthread_attr_setstacksize, (pthread_attr_t *how, size_t size), (how, size), EINVAL)
WRAP(WORKS, int, dladdr, (const void *address, void *found), (address, found), 0)
WRAP(WORKS, int, dlinfo, (void *library, int what, void *found), (library, what, found), -1)
WRAP(WORKS, ssize_t, readlink, (const char *path, char *to, size_t size), (path, to, size),
     error_of(EACCES))
WRAP(WORKS, char *, fgets, (char *to, int size, FILE *from), (to, size, from), null_with(EIO))
WRAP(WORKS, int, mprotect, (void *at, size_t size, int how), (at, size, how), error_of(ENOMEM))
WRAP(WORKS, int, madvise, (void *at, size_t size, int what), (at, size, what), error_of(EINVAL))
WRAP(WORKS, int, stat, (const char *path, void *out), (path, out), error_of(EACCES))
WRAP(WORKS, int, fstat, (int file, void *out), (file, out), error_of(EIO))
WRAP(WORKS, int, getrlimit, (int which, void *out), (which, out), error_of(EINVAL))
WRAP(WORKS, int, setrlimit, (int which, const void *limit), (which, limit), error_of(EPERM))
WRAP(WORKS, int, sigaltstack, (const void *wanted, void *before), (wanted, before), error_of(ENOMEM))
WRAP(WORKS, int, sigaction, (int number, const void *wanted, void *before), (number, wanted, before),
     error_of(EINVAL))
WRAP(WORKS, int, munmap, (void *at, size_t size), (at, size), error_of(ENOMEM))
WRAP(WORKS, int, sched_getaffinity, (pid_t of, size_t size, void *set), (of, size, set),
     error_of(EINVAL))
WRAP(WORKS, int, setpgid, (pid_t process, pid_t group), (process, group), error_of(EPERM))
WRAP(WORKS, int, dup2, (int file, int to), (file, to), error_of(EBUSY))
WRAP(WAITS, int, dup3, (int file, int to, int flags), (file, to, flags), error_of(EBUSY))
WRAP(WORKS, ssize_t, process_vm_readv,
     (pid_t of, const struct iovec *to, unsigned long n, const struct iovec *from, unsigned long m,
      unsigned long flags), (of, to, n, from, m, flags), error_of(EPERM))
WRAP(WAITS, ssize_t, sendfile, (int to, int from, off_t *at, size_t size), (to, from, at, size),
     error_of(EIO))
WRAP(WAITS, ssize_t, read, (int file, void *to, size_t size), (file, to, size), error_of(EIO))
WRAP(WAITS, ssize_t, write, (int file, const void *from, size_t size), (file, from, size),
     error_of(ENOSPC))
WRAP(WAITS, ssize_t, send, (int to, const void *from, size_t size, int flags), (to, from, size, flags),
     error_of(ENOBUFS))
WRAP(WAITS, ssize_t, recv, (int from, void *to, size_t size, int flags), (from, to, size, flags),
     error_of(ENOMEM))
WRAP(WAITS, int, poll, (struct pollfd *files, nfds_t count, int time), (files, count, time),
     error_of(ENOMEM))

/* Those that only a signal can keep from it: an error of theirs is a mistake in the caller. */
#define WRAP_WAIT(type, name, parameters, arguments) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters { \
        bool interrupted = faults != NULL && faults->mode == FAULTS_INTERRUPTED && \
                           is_next(WAITS, #name, __builtin_return_address(0)); \
        return interrupted ? (type)error_of(EINTR) : __real_##name arguments; \
    }
WRAP_WAIT(pid_t, waitpid, (pid_t of, int *status, int options), (of, status, options))
WRAP_WAIT(pid_t, wait4, (pid_t of, int *status, int options, void *used), (of, status, options, used))
WRAP_WAIT(int, waitid, (int what, unsigned of, void *info, int options), (what, of, info, options))
WRAP_WAIT(int, nanosleep, (const struct timespec *time, struct timespec *left), (time, left))

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
    if (!is_next(TAKES, "mmap", __builtin_return_address(0)))
        return __real_mmap(at, size, protection, flags, file, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    return is_next(TAKES, "open", __builtin_return_address(0)) ? (int)error_of(EMFILE)
                                                             : __real_open(path, flags, 0);
}

int __real_prctl(int what, ...);
int __wrap_prctl(int what, long a, long b, long c, long d);
int __wrap_prctl(int what, long a, long b, long c, long d) {
    return is_next(WORKS, "prctl", __builtin_return_address(0)) ? (int)error_of(EINVAL)
                                                              : __real_prctl(what, a, b, c, d);
}

int __real_fcntl(int file, int command, ...);
int __wrap_fcntl(int file, int command, long value);
int __wrap_fcntl(int file, int command, long value) {
    bool takes = command == F_DUPFD_CLOEXEC || command == F_ADD_SEALS;
    return takes && is_next(TAKES, "fcntl", __builtin_return_address(0))
               ? (int)error_of(EMFILE)
               : __real_fcntl(file, command, value);
}

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...) {
    if (is_next(TAKES, "asprintf", __builtin_return_address(0)))
        return (int)error_of(ENOMEM);
    va_list args;
    va_start(args, format);
    int len = vasprintf(text, format, args);
    va_end(args);
    return len;
}

/* Of those without a function in libc, the ones that a kernel need not have, or may forbid. */
static bool may_fail(long number) {
    static const long numbers[] = {SYS_seccomp, SYS_capget, SYS_capset, SYS_close_range,
                                   SYS_membarrier, SYS_timer_create, SYS_timer_settime};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

/* Futexes are waited for by a system call of their own. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
    if (may_fail(number) && is_next(WORKS, "syscall", __builtin_return_address(0)))
        return error_of(EPERM);
    int command = (int)(b & FUTEX_CMD_MASK);
    bool waits = number == SYS_futex && (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET);
    bool interrupted = waits && faults != NULL && faults->mode == FAULTS_INTERRUPTED &&
                       is_next(WAITS, "futex", __builtin_return_address(0));
    return interrupted ? error_of(EINTR) : __real_syscall(number, a, b, c, d, e, f);
}
