/* Takes more and more of what the message names, until it is refused or ended: memory, threads' stacks,
 * time of the processor, files, the network, processes. Behind a "!" it does not look whether it got it. With
 * -DINIT="..." it does so in its init, with -DCONSTRUCTOR it asks for a socket as it is opened, and with
 * -DDATA=n it has so many bytes of its own. */
#define _GNU_SOURCE
#include "module.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static volatile unsigned long turns;
static struct block {
    struct block *next;
    char more[1 << 16];
} *blocks;

/* Gives all of it back where it is refused. */
static int take_memory(mesibo_module_t *mod, int blindly) {
    unsigned taken = 0;
    for (;; taken++) {
        struct block *block = malloc(sizeof *block);
        if (block == NULL && !blindly)
            break;
        block->next = blocks;
        blocks = block;
        memset(block->more, 1, sizeof block->more);
    }
    mod->log(mod, 0, "took %u KiB", taken * (unsigned)(sizeof *blocks >> 10));
    while (blocks != NULL) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
    return MESIBO_RESULT_FAIL;
}

static int take_files(mesibo_module_t *mod, int blindly) {
    int files[4096], count = 0;
    while (count < 4096 && (files[count] = open("/dev/null", O_RDONLY)) >= 0)
        count++;
    mod->log(mod, 0, "took %d files", count);
    FILE *stream = blindly ? fopen("/dev/null", "r") : NULL;
    if (blindly)
        fgetc(stream);
    while (count > 0)
        close(files[--count]);
    return MESIBO_RESULT_FAIL;
}

static int connect_out(mesibo_module_t *mod, int port, int blindly) {
    struct sockaddr_in peer = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int made = socket(AF_INET, SOCK_STREAM, 0);
    if (made < 0) {
        mod->log(mod, 0, "no socket");
        if (blindly)
            abort();
        return MESIBO_RESULT_FAIL;
    }
    if (connect(made, (struct sockaddr *)&peer, sizeof peer) == 0)
        mod->log(mod, 0, "connected");
    close(made);
    return MESIBO_RESULT_PASS;
}

static void *spin(void *data) {
    for (;;)
        turns++;
    return data;
}

/* Time of the processor that is spent on a thread of its own, between the calls. */
static int spin_aside(void) {
    pthread_t thread;
    return pthread_create(&thread, NULL, spin, NULL) == 0 ? MESIBO_RESULT_PASS : MESIBO_RESULT_FAIL;
}

/* Does not heed the signal either. */
static void spin_deaf(void) {
    signal(SIGXCPU, SIG_IGN);
    spin(NULL);
}

/* Many, and each waits for ever; most of them in a session of their own. */
static void fork_on(void) {
    int count = 0;
    while (count++ < 1000)
        if (fork() == 0)
            break;
    if (count <= 1000 && count % 4 != 0)
        setsid();
    for (;;)
        pause();
}

/* Whether any limit could be taken back. */
static int take_back(mesibo_module_t *mod) {
    static const int which[] = {RLIMIT_DATA, RLIMIT_CPU, RLIMIT_NOFILE};
    struct rlimit limit;
    int raised = 0, files[2];
    for (int i = 0; i < 3; i++) {
        getrlimit(which[i], &limit);
        limit.rlim_cur = ++limit.rlim_max;
        raised += setrlimit(which[i], &limit) == 0;
    }
    mod->log(mod, 0, "raised %d", raised);
    mod->log(mod, 0, "local sockets: %d", socketpair(AF_UNIX, SOCK_STREAM, 0, files));
    mod->log(mod, 0, "others: %s", socket(AF_NETLINK, SOCK_RAW, 0) < 0 ? strerror(errno) : "made");
    syscall(SYS_io_uring_setup, 1, NULL);
    mod->log(mod, 0, "io_uring: %s", strerror(errno));
#ifdef __x86_64__
    long made = 359; /* socket, as a program of 32 bits calls it */
    __asm__ volatile("int $0x80" : "+a"(made) : "b"(AF_INET), "c"(SOCK_STREAM), "d"(0) : "memory");
    mod->log(mod, 0, "of another machine: %s", made < 0 ? "refused" : "made");
#endif
    return MESIBO_RESULT_PASS;
}

#ifdef CONSTRUCTOR
static int made_early = -1;
__attribute__((constructor)) static void make_early(void) {
    made_early = socket(AF_INET, SOCK_STREAM, 0);
}
#endif

#ifdef DATA
char data[DATA] = {0};
#endif

static int take(mesibo_module_t *mod, const char *what) {
    int blindly = strchr(what, '!') != NULL;
    if (strncmp(what, "memory", 6) == 0) return take_memory(mod, blindly);
    if (strncmp(what, "files", 5) == 0) return take_files(mod, blindly);
    if (strncmp(what, "network", 7) == 0) return connect_out(mod, atoi(what + 7), blindly);
    if (strcmp(what, "time") == 0) spin(NULL);
    if (strcmp(what, "time aside") == 0) return spin_aside();
    if (strcmp(what, "time, deaf") == 0) spin_deaf();
    if (strcmp(what, "forks") == 0) fork_on();
    if (strcmp(what, "back") == 0) return take_back(mod);
#ifdef CONSTRUCTOR
    mod->log(mod, 0, "%s", made_early < 0 ? "no socket" : "a socket");
#endif
    return MESIBO_RESULT_PASS;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)params, (void)len;
    return take(mod, message);
}

int mesibo_module_greedy_init(mesibo_module_t *mod, mesibo_uint_t len) {
    (void)len;
    mod->on_message = on_message;
#ifdef INIT
    return take(mod, INIT);
#endif
    return MESIBO_RESULT_OK;
}
