/* interpose.c - functions of libc that modules find here first: those that end the process, and the one
 * that makes threads, which need a stack for the handlers of crashes. */
#define _GNU_SOURCE
#include "worker.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

/* ---- The end of the process ------------------------------------------------------------------------------- */

typedef void (*exit_function)(int code);

static _Noreturn void end(const char *name, int code) {
    crash_exit_if_worker(code);
    exit_function function = (exit_function)(uintptr_t)real(name);
    if (function != NULL)
        function(code);
    for (;;)
        syscall(SYS_exit_group, code);
}

EXPORT _Noreturn void exit(int code) { end("exit", code); }
EXPORT _Noreturn void _exit(int code) { end("_exit", code); }
EXPORT _Noreturn void _Exit(int code) { end("_Exit", code); }
EXPORT _Noreturn void quick_exit(int code) { end("quick_exit", code); }

/* ---- Threads ---------------------------------------------------------------------------------------------- */

typedef int (*create_function)(pthread_t *thread, const pthread_attr_t *attributes,
                               void *(*run)(void *), void *data);

typedef struct start {
    void *(*run)(void *);
    void *data;
} start;

static void *run_thread(void *data) {
    start given = *(start *)data;
    void *result, *stack;
    free(data);
    stack = crash_prepare_thread();
    pthread_cleanup_push(crash_leave_thread, stack);
    result = given.run(given.data);
    pthread_cleanup_pop(1);
    return result;
}

EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                          void *(*run)(void *), void *restrict data) {
    create_function create = (create_function)(uintptr_t)real("pthread_create");
    start *given = malloc(sizeof *given);
    if (create == NULL || given == NULL) {
        free(given);
        return 11; /* EAGAIN */
    }
    *given = (start){run, data};
    int error = create(thread, attributes, run_thread, given);
    if (error != 0)
        free(given);
    return error;
}
