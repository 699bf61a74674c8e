/* openings.c - the functions of libc that make descriptors and threads: modules find them here first. While
 * tracking it is kept who called them. */
#define _GNU_SOURCE
#include "probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { MOST = 4096 }; /* descriptors whose owners are kept */

static stack *_Atomic owners[MOST];
static bool known[MOST]; /* at the mark */

/* ---- Descriptors ------------------------------------------------------------------------------------------- */

static int opened(int file) {
    if (tracking && file >= 0 && file < MOST)
        owners[file] = stack_here(true);
    return file;
}

static int opened_pair(int result, const int pair[2]) {
    if (result == 0) {
        opened(pair[0]);
        opened(pair[1]);
    }
    return result;
}

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (real == NULL) \
        *(void **)&real = real_function(#name)

/* The mode is there where the flags say so; else what is taken means nothing, and nobody looks. */
#define WITH_MODE(name) \
    EXPORT int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = va_arg(rest, mode_t); \
        va_end(rest); \
        REAL(int, name, const char *, int, ...); \
        return opened(real(path, flags, mode)); \
    }
#define AT_WITH_MODE(name) \
    EXPORT int name(int folder, const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = va_arg(rest, mode_t); \
        va_end(rest); \
        REAL(int, name, int, const char *, int, ...); \
        return opened(real(folder, path, flags, mode)); \
    }
#define STREAM(name) \
    EXPORT FILE *name(const char *path, const char *mode) { \
        REAL(FILE *, name, const char *, const char *); \
        FILE *stream = real(path, mode); \
        if (stream != NULL) \
            opened(fileno(stream)); \
        return stream; \
    }

WITH_MODE(open)
AT_WITH_MODE(openat)
STREAM(fopen)
STREAM(popen)
#ifdef __GLIBC__ /* other names of the same */
WITH_MODE(open64)
AT_WITH_MODE(openat64)
STREAM(fopen64)
#endif

EXPORT int creat(const char *path, mode_t mode) {
    return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT DIR *opendir(const char *path) {
    REAL(DIR *, opendir, const char *);
    DIR *folder = real(path);
    if (folder != NULL)
        opened(dirfd(folder));
    return folder;
}

EXPORT int socket(int domain, int type, int protocol) {
    REAL(int, socket, int, int, int);
    return opened(real(domain, type, protocol));
}

EXPORT int socketpair(int domain, int type, int protocol, int pair[2]) {
    REAL(int, socketpair, int, int, int, int *);
    return opened_pair(real(domain, type, protocol, pair), pair);
}

EXPORT int pipe(int pair[2]) {
    REAL(int, pipe, int *);
    return opened_pair(real(pair), pair);
}

EXPORT int pipe2(int pair[2], int flags) {
    REAL(int, pipe2, int *, int);
    return opened_pair(real(pair, flags), pair);
}

EXPORT int dup(int file) {
    REAL(int, dup, int);
    return opened(real(file));
}

EXPORT int eventfd(unsigned count, int flags) {
    REAL(int, eventfd, unsigned, int);
    return opened(real(count, flags));
}

EXPORT int epoll_create(int size) {
    REAL(int, epoll_create, int);
    return opened(real(size));
}

EXPORT int epoll_create1(int flags) {
    REAL(int, epoll_create1, int);
    return opened(real(flags));
}

EXPORT int timerfd_create(int clock, int flags) {
    REAL(int, timerfd_create, int, int);
    return opened(real(clock, flags));
}

EXPORT int signalfd(int file, const sigset_t *mask, int flags) {
    REAL(int, signalfd, int, const sigset_t *, int);
    return opened(real(file, mask, flags));
}

EXPORT int inotify_init1(int flags) {
    REAL(int, inotify_init1, int);
    return opened(real(flags));
}

EXPORT int memfd_create(const char *name, unsigned flags) {
    REAL(int, memfd_create, const char *, unsigned);
    return opened(real(name, flags));
}

EXPORT int mkstemp(char *path) {
    REAL(int, mkstemp, char *);
    return opened(real(path));
}

/* Each entry of a folder of /proc in turn, as a number; the one that lists them is not among them. */
static size_t each_number(const char *path, void (*entry)(int number)) {
    DIR *folder = opendir(path);
    size_t count = 0;
    if (folder == NULL)
        return 0;
    for (struct dirent *next = readdir(folder); next != NULL; next = readdir(folder)) {
        int number = atoi(next->d_name);
        if (next->d_name[0] == '.' || number == dirfd(folder))
            continue;
        count++;
        if (entry != NULL)
            entry(number);
    }
    closedir(folder);
    return count;
}

size_t descriptors_open(void) {
    size_t found = each_number("/proc/self/fd", NULL);
    struct rlimit limit = {.rlim_cur = 0};
    if (found == 0) /* there is none left to look with */
        getrlimit(RLIMIT_NOFILE, &limit);
    return found > 0 ? found : (size_t)limit.rlim_cur;
}

static void mark(int file) {
    if (file < MOST)
        known[file] = true;
}

void descriptors_mark(void) {
    memset(known, 0, sizeof known);
    for (int file = 0; file < MOST; file++)
        owners[file] = NULL;
    each_number("/proc/self/fd", mark);
}

static void report_one(int file) {
    char path[64], target[256];
    if (file >= MOST || known[file])
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    ssize_t len = readlink(path, target, sizeof target - 1);
    target[len > 0 ? len : 0] = '\0';
    const stack *owner = owners[file];
    report("descriptor %d %d %s", file, owner != NULL ? (int)stack_number(owner) : -1, target);
}

void descriptors_report(void) { each_number("/proc/self/fd", report_one); }

/* ---- Threads ----------------------------------------------------------------------------------------------- */

typedef struct start {
    void *(*run)(void *);
    void *data;
    stack *owner;
} start;

static void end_thread(void *data) { ((stack *)data)->threads--; }

static void *run_thread(void *data) {
    start given = *(start *)data;
    void *result;
    free(data);
    pthread_cleanup_push(end_thread, given.owner);
    result = given.run(given.data);
    pthread_cleanup_pop(1);
    return result;
}

EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                          void *(*run)(void *), void *restrict data) {
    REAL(int, pthread_create, pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    stack *owner = tracking ? stack_here(true) : NULL;
    if (owner == NULL)
        return real(thread, attributes, run, data);
    bool before = heap_pause(true); /* what a thread is made of ends with it */
    start *given = malloc(sizeof *given);
    int error = 11; /* EAGAIN */
    if (given != NULL) {
        *given = (start){run, data, owner};
        owner->threads++;
        error = real(thread, attributes, run_thread, given);
    }
    if (error != 0 && given != NULL) {
        owner->threads--;
        free(given);
    }
    heap_pause(before);
    return error;
}

size_t threads_alive(void) { return each_number("/proc/self/task", NULL); }
