/* calls.c - calls on one thread or on several, each of which is to return before its deadline. */
#define _GNU_SOURCE
#include "probe.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 64 };
static const uint64_t SETTLING = 4000000000; /* nanoseconds, for all calls */

typedef struct caller {
    const task *task;
    pthread_t thread;
    size_t number;
    _Atomic int id;        /* gettid(2) */
    _Atomic uint64_t turn; /* one more with each begin and each end of a call: odd in one */
    _Atomic size_t index;  /* of that call */
    _Atomic bool told;     /* where it is */
    /* the watching thread's, of the call that it saw last: */
    uint64_t seen, since, waited;
} caller;

static mh_instance *instance;
static caller callers[MOST_THREADS];
static _Atomic size_t running, started;
static uint64_t end;

/* ---- Calling --------------------------------------------------------------------------------------------- */

static _Thread_local caller *self;

/* What was asked for, as far as there is time: a module may ask again at once, for ever. */
static void settle(void) {
    static uint64_t spent;
    if (mh_open_requests(host) == 0 || spent > SETTLING)
        return;
    uint64_t begun = mh_now();
    module_settle();
    spent += mh_now() - begun;
}

/* With the host's lock, as a host has it: a wait for that is no time of the module. */
static void call_once(caller *caller, size_t index) {
    bool serial = !caller->task->what.thread_safe;
    if (serial)
        mh_lock_take(&host->lock);
    noted->call = (int64_t)index;
    caller->index = index;
    caller->turn++;
    module_call(instance, &caller->task->calls[index]);
    caller->turn++;
    if (serial)
        mh_lock_release(&host->lock);
    if (caller->task->settles)
        settle();
}

static void *run_caller(void *data) {
    self = data;
    started++;
    self->id = (int)syscall(SYS_gettid);
    const task *task = self->task;
    size_t first = task->call_count * self->number / task->threads; /* each begins with another */
    while (started < task->threads && mh_now() < end)
        sched_yield();
    uint64_t least = (task->call_count + task->threads - 1) / task->threads;
    for (uint64_t i = 0; i < task->rounds * task->call_count && (i < least || mh_now() < end); i++)
        call_once(self, (size_t)((first + i) % task->call_count));
    running--;
    return NULL;
}

/* ---- Watching -------------------------------------------------------------------------------------------- */

/* Nanoseconds that a thread was ready to run and had no processor: they are not the module's. */
static uint64_t waited_by(int id) {
    char path[64], text[128];
    unsigned long long ran, waited = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", id);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0)
        close(file);
    text[got > 0 ? got : 0] = '\0';
    return got > 0 && sscanf(text, "%llu %llu", &ran, &waited) == 2 ? waited : 0;
}

static bool is_late(caller *caller, double deadline) {
    uint64_t turn = caller->turn;
    if (turn % 2 == 0)
        return false;
    if (caller->seen != turn) {
        caller->seen = turn;
        caller->since = mh_now();
        caller->waited = waited_by(caller->id);
        return false;
    }
    uint64_t passed = mh_now() - caller->since;
    if ((double)passed < deadline * 1e9)
        return false;
    return (double)passed - (double)(waited_by(caller->id) - caller->waited) >= deadline * 1e9;
}

static void tell(int number) {
    uintptr_t frames[FRAMES];
    (void)number;
    if (self == NULL || self->told)
        return;
    frames_write(report_file, "hangs", self->index, frames, frames_here(frames, true));
    self->told = true;
}

/* Each caller that is in the module says where, and the process ends. */
static _Noreturn void end_late(const task *task, const caller *late) {
    static const struct timespec pause = {.tv_nsec = 1000 * 1000};
    struct sigaction action = {.sa_handler = tell};
    sigaction(SIGUSR2, &action, NULL);
    report("late %zu", (size_t)late->index);
    for (size_t i = 0; i < task->threads; i++) {
        caller *each = &callers[i];
        if (each->turn % 2 == 0 || pthread_kill(each->thread, SIGUSR2) != 0)
            continue;
        for (int tries = 0; !each->told && tries < 1000; tries++)
            nanosleep(&pause, NULL);
    }
    for (;;)
        syscall(SYS_exit_group, 0);
}

static void watch(const task *task) {
    double poll = task->deadline / 8 < 0.005 ? task->deadline / 8 : 0.005;
    struct timespec pause = {.tv_nsec = (long)(poll * 1e9)};
    while (running > 0) {
        nanosleep(&pause, NULL);
        for (size_t i = 0; i < task->threads; i++)
            if (is_late(&callers[i], task->deadline))
                end_late(task, &callers[i]);
    }
}

void calls_run(const task *task) {
    size_t made = 0;
    tracking = task->from_init;
    instance = module_load(task);
    if (instance == NULL)
        return;
    end = mh_now() + (uint64_t)(task->seconds * 1e9);
    for (; made < task->threads && made < MOST_THREADS; made++) {
        callers[made].task = task;
        callers[made].number = made;
        running++;
        if (pthread_create(&callers[made].thread, NULL, run_caller, &callers[made]) != 0)
            break;
    }
    running -= made < task->threads;
    watch(task);
    for (size_t i = 0; i < made; i++)
        pthread_join(callers[i].thread, NULL);
    module_settle();
    module_close(instance);
    report("done");
}
