/* Ends its process, or hangs, in the way that the message names; with -DINIT="..." or -DCLEANUP="..." in
 * its init or cleanup. Logs the name first. */
#define _GNU_SOURCE
#include "module.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int *volatile nothing;

__attribute__((noinline)) static void write_null(void) { *nothing = 1; }

__attribute__((noinline)) static void read_field(void) { (void)nothing[4]; }

__attribute__((noinline)) static int recurse(volatile char *last) {
    volatile char room[512];
    room[0] = (char)(last[0] + 1);
    return room[0] == 0 && last[1] == 77 ? 0 : recurse(room) + room[0];
}

__attribute__((noinline)) static void jump(uintptr_t where) {
    void (*volatile target)(void) = (void (*)(void))where;
    target();
    nothing = NULL; /* or it would be a tail call, without a frame */
}

/* What returns here has no stack any more to be unwound. */
__attribute__((noinline)) static void smash(void) {
    static int left;
    uintptr_t volatile *word = __builtin_frame_address(0);
    for (left = 16; left > 0; left--)
        word[left - 1] = 0x1111111111111111;
}

/* All of the memory that it shares with others. */
static void scribble(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned long begin, end;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, "mesibo-module") != NULL && sscanf(line, "%lx-%lx", &begin, &end) == 2)
            memset((void *)begin, 0x55, 4 << 20);
}

static void *run_thread(void *data) {
    mesibo_module_t *mod = data;
    usleep(500000); /* behind the callback that made it, where that does not wait */
    pthread_setname_np(pthread_self(), "reckless");
    mod->log(mod, 0, "on my own");
    write_null();
    return NULL;
}

static int end(mesibo_module_t *mod, const char *how, const char *message, mesibo_uint_t len) {
    char *heap, *volatile freed;
    pthread_t thread;
    int divisor = (int)(len - len);
    mod->log(mod, 0, "%s", how);
    if (strcmp(how, "null") == 0) write_null();
    if (strcmp(how, "field") == 0) read_field();
    if (strcmp(how, "nowhere") == 0) *(volatile char *)0x7000DEAD0000 = 1;
    if (strcmp(how, "recursion") == 0) return recurse((volatile char[]){0, 0});
    if (strcmp(how, "jump") == 0) jump(0x123450);
    if (strcmp(how, "call null") == 0) jump(0);
    if (strcmp(how, "smash") == 0) smash();
    if (strcmp(how, "divide") == 0) return 5 / *(volatile int *)&divisor;
    if (strcmp(how, "trap") == 0) __builtin_trap();
    if (strcmp(how, "behind") == 0) return ((const volatile char *)message)[len + 3];
    if (strcmp(how, "abort") == 0) abort();
    if (strcmp(how, "double free") == 0) {
        freed = heap = malloc(16);
        free(heap);
        free(freed);
    }
    if (strcmp(how, "exit") == 0) exit(3);
    if (strcmp(how, "_exit") == 0) _exit(4);
    if (strcmp(how, "system call") == 0) syscall(SYS_exit_group, 5);
    if (strcmp(how, "kill") == 0) kill(getpid(), SIGKILL);
    if (strcmp(how, "terminate") == 0) raise(SIGTERM);
    if (strcmp(how, "timer") == 0) {
        ualarm(1000, 0);
        pause();
    }
    if (strcmp(how, "no handler") == 0) {
        signal(SIGSEGV, SIG_DFL);
        write_null();
    }
    if (strcmp(how, "scribble") == 0) scribble();
    if (strcmp(how, "loop") == 0) for (;;) __asm__ volatile("");
    if (strcmp(how, "sleep") == 0) for (;;) pause();
    if (strcmp(how, "deaf") == 0) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        for (;;) pause();
    }
    if (strcmp(how, "end thread") == 0) pthread_exit(NULL);
    if (strcmp(how, "thread") == 0) {
        pthread_create(&thread, NULL, run_thread, mod);
        pthread_join(thread, NULL);
    }
    if (strcmp(how, "later") == 0) {
        pthread_create(&thread, NULL, run_thread, mod);
        pthread_detach(thread);
    }
    if (strcmp(how, "come back twice") == 0 && fork() == 0) return MESIBO_RESULT_CONSUMED;
    if (strcmp(how, "child") == 0 && fork() == 0) {
        setsid();
        for (;;) pause();
    }
    if (strcmp(how, "descriptors") == 0)
        for (int i = 0; i < 4096; i++) close(i);
    return MESIBO_RESULT_PASS;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char how[64] = "";
    memcpy(how, message, len < sizeof how ? len : sizeof how - 1);
    return end(mod, how, message, len);
}

static int cleanup(mesibo_module_t *mod) {
#ifdef CLEANUP
    return end(mod, CLEANUP, "", 0);
#else
    return MESIBO_RESULT_OK;
#endif
}

int mesibo_module_ends_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    mod->cleanup = cleanup;
#ifdef INIT
    return end(mod, INIT, "", 0);
#else
    return MESIBO_RESULT_OK;
#endif
}
