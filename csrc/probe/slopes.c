/* slopes.c - what grows with every call, or with every life of a module: the same over and over, looked at
 * behind each of several windows. */
#define _GNU_SOURCE
#include "probe.h"

#include <inttypes.h>
#include <time.h>

enum { MANY_REQUESTS = 256 };
enum { POLL = 5 * 1000 * 1000 }; /* nanoseconds */

typedef struct level {
    int64_t heap, mapped;
    size_t descriptors, threads;
} level;

static level now(void) {
    level found = {.descriptors = descriptors_open(), .threads = threads_alive()};
    found.heap = heap_bytes; /* behind the two, which allocate */
    found.mapped = mapped_bytes;
    return found;
}

static bool is_above(const level *found, const level *before) {
    return found->heap > before->heap || found->mapped > before->mapped ||
           found->descriptors > before->descriptors || found->threads > before->threads;
}

static size_t own_threads; /* of the probe */

/* What threads of the module still have to do, they may do; where it has none, nothing will change. */
static level settled(const task *task, const level *before) {
    module_settle();
    level found = now();
    uint64_t end = mh_now() + (uint64_t)(task->patience * 1e9);
    while (before != NULL && is_above(&found, before) && found.threads > own_threads &&
           mh_now() < end) {
        nanosleep(&(struct timespec){.tv_nsec = POLL}, NULL);
        module_settle();
        found = now();
    }
    return found;
}

static void report_stacks(uint64_t window) {
    for (size_t i = 0; i < stack_count(); i++) {
        stack *each = stack_at(i);
        report("live %" PRIu64 " %zu %" PRId64 " %" PRId64 " %" PRId64, window, i,
               (int64_t)each->bytes, (int64_t)each->blocks, (int64_t)each->threads);
    }
}

static uint64_t done; /* calls or lives so far */

static level report_level(const task *task, uint64_t window, const level *before) {
    level found = settled(task, before);
    report("level %" PRIu64 " %" PRId64 " %" PRId64 " %zu %zu %" PRIu64, window, found.heap,
           found.mapped, found.descriptors, found.threads, done);
    if (task->tracked)
        report_stacks(window);
    return found;
}

static void report_owners(void) {
    descriptors_report();
    for (size_t i = 0; i < stack_count(); i++)
        frames_write(report_file, "stack", i, stack_at(i)->frames, stack_at(i)->count);
}

typedef void again(const task *task, uint64_t nth);

/* So many times, or as many as there is time for; the calls always in whole rounds. */
static void repeat_for(const task *task, again *again, uint64_t times, double seconds) {
    uint64_t round = task->call_count > 0 ? task->call_count : 1;
    uint64_t begun = mh_now(), end = begun + (uint64_t)(seconds * 1e9);
    for (uint64_t i = 0; i < times && (i == 0 || mh_now() < end); i += round)
        for (uint64_t within = 0; within < round; within++)
            again(task, done++);
}

/* Does the same again and again. False: threads are left of it, for
 * whose end nobody is to wait. */
static bool repeat(const task *task, again *again) {
    repeat_for(task, again, task->warm_up, task->seconds);
    settled(task, NULL);
    heap_forget();
    descriptors_mark();
    tracking = task->tracked;
    level first = report_level(task, 0, NULL), before = first;
    for (uint64_t window = 1; window <= task->windows; window++) {
        repeat_for(task, again, task->window, task->seconds);
        before = report_level(task, window, &before);
    }
    if (task->tracked)
        report_owners();
    return before.threads <= first.threads;
}

static mh_instance *instance;

static void call_again(const task *task, uint64_t nth) {
    size_t index = (size_t)(nth % task->call_count);
    noted->call = (int64_t)index;
    module_call(instance, &task->calls[index]);
    if (mh_open_requests(host) > MANY_REQUESTS)
        module_settle(); /* else they would pile up while the network is slow to fail them */
}

void slopes_run(const task *task) {
    own_threads = threads_alive();
    instance = module_load(task);
    if (instance == NULL)
        return;
    bool ends = repeat(task, call_again);
    report("own %d", (int)instance->threads);
    if (task->tracked && ends) {
        module_close(instance);
        report_stacks(task->windows + 1); /* what is still there now, nobody frees any more */
    }
    report("done");
}

static bool refused;

static void live_again(const task *task, uint64_t nth) {
    (void)nth;
    if (refused)
        return;
    instance = module_load(task);
    refused = instance == NULL;
    if (refused)
        return;
    module_close(instance);
    frames_forget();
}

void lifecycles_run(const task *task) {
    own_threads = threads_alive();
    repeat(task, live_again);
    report("done");
}
