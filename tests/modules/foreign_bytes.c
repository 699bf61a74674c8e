/* Writes what it likes into the memory that an isolated module shares with its host: the message says how,
 * `WHERE SEED`, and the seed what. It sends and logs something first. With -DINIT="..." also in its init,
 * and it does nothing to a message "fine". */
#define _GNU_SOURCE
#include "module.h"

#include "../../csrc/isolation/channel.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mh_channel *channel;
static uint64_t state;

static uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545F4914F6CDD1D;
}

static mh_channel *find(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned long begin = 0;
    while (begin == 0 && maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, "mesibo-module") != NULL)
            sscanf(line, "%lx", &begin);
    if (maps != NULL)
        fclose(maps);
    return (mh_channel *)begin;
}

/* A byte, a number that is often at an edge, or a run of bytes. */
static void scribble(char *at, size_t size) {
    static const uint64_t edges[] = {0, 1, UINT64_MAX, INT64_MAX, MH_GONE, MH_REGION, 1u << 31, 0xFF};
    char *place = at + next() % size;
    uint64_t number = next() % 2 != 0 ? edges[next() % 8] : next();
    switch (next() % 3) {
    case 0: *place = (char)number; break;
    case 1: memcpy((char *)((uintptr_t)place & ~(uintptr_t)7), &number, 8); break;
    case 2: memset(place, (int)number, next() % 200); break;
    }
}

static void often(char *at, size_t size) {
    for (uint64_t left = 1 + next() % 20; left > 0; left--)
        scribble(at, size);
}

static void *keep_on(void *where) {
    for (int i = 0; i < 20000; i++)
        scribble(where, sizeof(mh_channel));
    return NULL;
}

static void start_thread(void *where) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, keep_on, where) == 0)
        pthread_detach(thread);
}

static void misbehave(const char *where) {
    pid_t self = getpid();
    if (strcmp(where, "head") == 0) often((char *)channel, sizeof *channel);
    if (strcmp(where, "front") == 0) often((char *)channel, offsetof(mh_channel, crash));
    if (strcmp(where, "crash") == 0) often((char *)&channel->crash, sizeof channel->crash);
    if (strcmp(where, "mail") == 0) often(mh_mail_region(channel), 512);
    if (strcmp(where, "end") == 0) channel->mail_end = next() % 3 != 0 ? next() % 4096 : next();
    if (strcmp(where, "requests") == 0) often(mh_requests_region(channel), 4096);
    if (strcmp(where, "outside") == 0) {
        often(mh_outside_region(channel), 512);
        channel->outside.count++;
    }
    if (strcmp(where, "bell") == 0) channel->to_host.count |= MH_GONE;
    if (strcmp(where, "bells") == 0) channel->to_host.count = (uint32_t)next();
    if (strcmp(where, "listener") == 0) channel->outside.count |= MH_GONE;
    if (strcmp(where, "answer") == 0) channel->to_host.count++;
    if (strcmp(where, "thread") == 0) start_thread(channel);
    if (strcmp(where, "threads") == 0) start_thread(mh_requests_region(channel));
    if (next() % 4 != 0) return;
    switch (next() % 4) { /* and an end, with that in the report */
    case 0: kill(self, SIGKILL); break;
    case 1: abort();
    case 2: exit(0);
    case 3: *(volatile int *)(uintptr_t)(next() % 2) = 1;
    }
}

static void begin(mesibo_module_t *mod, const char *what) {
    char where[16] = "";
    unsigned long seed = 1;
    sscanf(what, "%15s %lu", where, &seed);
    channel = find();
    state = seed * 0x9E3779B97F4A7C15 + 1;
    mod->log(mod, 0, "%s", what);
    if (channel != NULL)
        misbehave(where);
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    char text[32] = "";
    memcpy(text, message, len < sizeof text ? len : sizeof text - 1);
    mod->send_message(mod, params, message, len);
    if (strcmp(text, "fine") != 0)
        begin(mod, text);
    return MESIBO_RESULT_PASS;
}

int mesibo_module_foreign_bytes_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod))
        return MESIBO_RESULT_FAIL;
    mod->on_message = on_message;
#ifdef INIT
    begin(mod, INIT);
#endif
    return MESIBO_RESULT_OK;
}
