/* Does what its item `how` says to the process that it is in. */
#define _GNU_SOURCE
#include "../sdk/revision.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile int never;

static void hang(void) {
    while (!never) /* HERE */
        usleep(1000);
}

static void *crash(void *data) {
    *(volatile int *)data = 1;
    return NULL;
}

static void crash_in_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, crash, NULL);
    pthread_join(thread, NULL);
}

/* Leaves a process behind. */
static void leave_child(void) {
    if (fork() == 0)
        for (;;)
            pause();
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    const char *how = mesibo_util_getconfig(mod, "how");
    printf("how: %s\n", how);
    fflush(stdout);
    if (strcmp(how, "hang") == 0)
        hang();
    if (strcmp(how, "exit") == 0)
        exit(0);
    if (strcmp(how, "_exit") == 0)
        _exit(7);
    if (strcmp(how, "assert") == 0)
        assert(len == 0);
    if (strcmp(how, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(how, "term") == 0)
        raise(SIGTERM);
    if (strcmp(how, "thread") == 0)
        crash_in_thread();
    if (strcmp(how, "child") == 0)
        leave_child();
    if (strcmp(how, "null call") == 0)
        ((void (*)(void))(uintptr_t)never)();
    if (strcmp(how, "trap") == 0)
        __builtin_trap();
    return strcmp(how, "code") == 0 ? 42 : MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    if (mesibo_util_getconfig(mod, "how") == NULL)
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
