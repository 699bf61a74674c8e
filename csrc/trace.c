/* trace.c - the file of a trace.
 *
 * What crosses in this process is written by the thread that crosses, before it goes on: so all of it is
 * there however the process ends. What crosses in a worker lies in the memory that is shared with it, and
 * a thread takes it out. A line is one write. */
#define _GNU_SOURCE
#include "core.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double SLICE = 0.005; /* seconds between two looks at what workers did */

struct mh_trace {
    mh_tracer tracer; /* of this process */
    unsigned generation;
    mh_trace_form form;
    int fd; /* -1: it has ended */
    int error;
    uint64_t written;
    _Atomic uint64_t ids, dropped;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    pthread_t drainer;
    bool draining, stopping;
    mh_source *sources;
    mh_crossing taken; /* for whoever has the lock, as the text is */
    char text[MH_CROSSING_TEXT + 8];
    mh_crossing open[MH_OPEN_CROSSINGS];
};

/* ---- Writing: with the lock --------------------------------------------------------------------------- */

static bool write_text(mh_trace *trace, const char *text, size_t len) {
    while (len > 0 && trace->error == 0) {
        ssize_t written = write(trace->fd, text, len);
        if (written >= 0) {
            text += written;
            len -= (size_t)written;
        } else if (errno != EINTR) {
            trace->error = errno;
        }
    }
    return trace->error == 0;
}

__attribute__((format(printf, 2, 3))) static void write_format(mh_trace *trace, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(trace->text, sizeof trace->text, format, args);
    va_end(args);
    write_text(trace, trace->text, len > 0 ? (size_t)len : 0);
}

/* Separators stand before events, so that what is there is whole but for the last bracket, which viewers
 * do without. */
static void write_crossing(mh_trace *trace, const mh_crossing *crossing) {
    char *text = trace->text;
    size_t len;
    if (trace->form == MH_TRACE_EVENTS) {
        memcpy(text, ",\n", 2);
        len = 2 + mh_crossing_event(crossing, text + 2);
    } else {
        len = mh_crossing_json(crossing, text);
        text[len++] = '\n';
    }
    if (trace->fd >= 0 && write_text(trace, text, len))
        trace->written++;
    else
        atomic_fetch_add(&trace->dropped, 1);
}

static void write_process(mh_trace *trace, const char *before, int32_t process, const char *what) {
    if (trace->form == MH_TRACE_EVENTS && trace->fd >= 0)
        write_format(trace,
                     "%s{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,"
                     "\"args\":{\"name\":\"%s\"}}",
                     before, process, process, what);
}

static void write_beginning(mh_trace *trace) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    if (trace->form == MH_TRACE_EVENTS)
        write_process(trace, "[\n", trace->tracer.process, "host");
    else
        write_format(trace,
                     "{\"trace\":\"begin\",\"version\":1,\"process\":%d,\"start\":%" PRIu64
                     ",\"time\":%" PRIu64 "}\n",
                     trace->tracer.process, mh_now(),
                     (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec);
}

static void write_end(mh_trace *trace) {
    uint64_t now = mh_now(), dropped = trace->dropped;
    if (trace->form == MH_TRACE_EVENTS)
        write_format(trace,
                     ",\n{\"name\":\"the trace ends\",\"cat\":\"trace\",\"ph\":\"i\",\"s\":\"g\","
                     "\"pid\":%d,\"tid\":%d,\"ts\":%" PRIu64 ".%03u,"
                     "\"args\":{\"crossings\":%" PRIu64 ",\"dropped\":%" PRIu64 "}}\n]\n",
                     trace->tracer.process, trace->tracer.process, now / 1000, (unsigned)(now % 1000),
                     trace->written, dropped);
    else
        write_format(trace,
                     "{\"trace\":\"end\",\"start\":%" PRIu64 ",\"crossings\":%" PRIu64
                     ",\"dropped\":%" PRIu64 "}\n",
                     now, trace->written, dropped);
}

/* ---- What crosses here ------------------------------------------------------------------------------------ */

static void over(mh_tracer *tracer, const mh_crossing *crossing) {
    mh_trace *trace = (mh_trace *)tracer;
    pthread_mutex_lock(&trace->lock);
    write_crossing(trace, crossing);
    pthread_mutex_unlock(&trace->lock);
}

static bool is_here(const mh_tracer *tracer) {
    return ((const mh_trace *)tracer)->generation == mh_generation;
}

static void write_open(mh_trace *trace) {
    for (size_t i = 0; i < MH_OPEN_CROSSINGS; i++)
        if (atomic_load(&trace->open[i].state) == 1)
            write_crossing(trace, &trace->open[i]);
}

/* ---- What crosses in workers: with the lock --------------------------------------------------------------- */

static void write_taken(mh_trace *trace, mh_source *source) {
    mh_crossing *taken = &trace->taken;
    snprintf(taken->module, sizeof taken->module, "%s", source->label);
    if (taken->process != source->process) {
        source->process = taken->process;
        write_process(trace, ",\n", taken->process, "worker");
    }
    write_crossing(trace, taken);
}

/* No more than the ring holds: a module could write there for ever. */
static void drain(mh_trace *trace, mh_source *source) {
    for (int i = 0; i < MH_RING && mh_crossings_take(source->crossings, &source->taken, &trace->taken); i++)
        write_taken(trace, source);
}

/* What a thread had begun to put in when the process ended is lost, and counted. */
static void drain_all(mh_trace *trace, mh_source *source) {
    size_t at = 0;
    uint64_t left, put;
    drain(trace, source);
    put = atomic_load(&source->crossings->put);
    left = put - source->taken <= MH_RING ? put - source->taken : 0;
    for (; left > 0; left--)
        if (mh_crossings_take(source->crossings, &source->taken, &trace->taken)) {
            write_taken(trace, source);
        } else {
            source->taken++;
            atomic_fetch_add(&trace->dropped, 1);
        }
    while (mh_crossings_open(source->crossings, &at, &trace->taken))
        write_taken(trace, source);
    atomic_fetch_add(&trace->dropped, atomic_exchange(&source->crossings->dropped, 0));
}

static void *drain_now_and_then(void *data) {
    mh_trace *trace = data;
    pthread_mutex_lock(&trace->lock);
    while (!trace->stopping) {
        struct timespec until = mh_deadline(SLICE);
        for (mh_source *source = trace->sources; source != NULL; source = source->next)
            drain(trace, source);
        pthread_cond_clockwait(&trace->stop, &trace->lock, CLOCK_MONOTONIC, &until);
    }
    pthread_mutex_unlock(&trace->lock);
    return NULL;
}

static bool start_draining(mh_trace *trace) {
    sigset_t all, before;
    if (trace->draining)
        return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    trace->draining = pthread_create(&trace->drainer, NULL, drain_now_and_then, trace) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return trace->draining;
}

bool mh_trace_join(mh_trace *trace, mh_source *source) {
    if (trace == NULL)
        return true;
    pthread_mutex_lock(&trace->lock);
    bool joined = start_draining(trace);
    if (joined) {
        source->crossings->taken_out = true;
        source->next = trace->sources;
        trace->sources = source;
    }
    pthread_mutex_unlock(&trace->lock);
    return joined;
}

void mh_trace_leave(mh_trace *trace, mh_source *source) {
    if (trace == NULL)
        return;
    pthread_mutex_lock(&trace->lock);
    mh_source **link = &trace->sources;
    while (*link != NULL && *link != source)
        link = &(*link)->next;
    if (*link != NULL) {
        *link = source->next;
        drain_all(trace, source);
    }
    pthread_mutex_unlock(&trace->lock);
}

void mh_trace_flush(mh_trace *trace, mh_source *source) {
    if (trace == NULL)
        return;
    pthread_mutex_lock(&trace->lock);
    drain_all(trace, source);
    pthread_mutex_unlock(&trace->lock);
}

void mh_trace_renew(mh_trace *trace, mh_source *source) {
    if (trace != NULL)
        pthread_mutex_lock(&trace->lock);
    mh_crossings_renew(source->crossings, &source->taken);
    if (trace != NULL)
        pthread_mutex_unlock(&trace->lock);
}

/* ---- Its life ------------------------------------------------------------------------------------------------ */

bool mh_host_trace(mh_host *host, int fd, mh_trace_form form) {
    mh_trace *trace = calloc(1, sizeof *trace);
    if (trace == NULL)
        return false;
    pthread_mutex_init(&trace->lock, NULL);
    pthread_cond_init(&trace->stop, NULL);
    trace->generation = mh_generation;
    trace->form = form;
    trace->fd = fd;
    trace->tracer = (mh_tracer){.open = trace->open,
                                .ids = &trace->ids,
                                .dropped = &trace->dropped,
                                .process = getpid(),
                                .over = over,
                                .is_here = is_here};
    write_beginning(trace);
    host->trace = trace;
    host->tracer = &trace->tracer;
    mh_tracing = true;
    return true;
}

void mh_host_traced(const mh_host *host, mh_traced *out) {
    mh_trace *trace = host->trace;
    *out = (mh_traced){0};
    if (trace == NULL)
        return;
    pthread_mutex_lock(&trace->lock);
    *out = (mh_traced){trace->written, trace->dropped, trace->error};
    pthread_mutex_unlock(&trace->lock);
}

void mh_trace_end(mh_trace *trace) {
    if (trace == NULL || trace->fd < 0)
        return;
    pthread_mutex_lock(&trace->lock);
    trace->stopping = true;
    pthread_cond_signal(&trace->stop);
    pthread_mutex_unlock(&trace->lock);
    if (trace->draining)
        pthread_join(trace->drainer, NULL);
    pthread_mutex_lock(&trace->lock);
    write_open(trace);
    write_end(trace);
    close(trace->fd);
    trace->fd = -1;
    pthread_mutex_unlock(&trace->lock);
}

/* A thread that its module left behind may still be in a crossing, which ends here. */
void mh_trace_free(mh_trace *trace) {
    if (trace == NULL)
        return;
    mh_trace_end(trace);
    for (size_t i = 0; i < MH_OPEN_CROSSINGS; i++)
        if (trace->open[i].state != 0)
            return;
    pthread_mutex_destroy(&trace->lock);
    pthread_cond_destroy(&trace->stop);
    free(trace);
}
