/* notes.c - what is kept while a module runs, for the report of its end: what crosses, and what it logs. */
#define _GNU_SOURCE
#include "worker.h"

#include <string.h>
#include <unistd.h>

static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER;

static void put_crossing(mh_tracer *tracer, const mh_crossing *crossing) {
    (void)tracer;
    mh_crossings_put(mh_crossings_region(channel), crossing);
}

static bool is_traced_here(const mh_tracer *tracer) {
    (void)tracer;
    return is_worker();
}

mh_tracer *notes_tracer(void) {
    static mh_tracer tracer = {.over = put_crossing, .is_here = is_traced_here};
    mh_crossings *crossings = mh_crossings_region(channel);
    tracer.open = crossings->open;
    tracer.ids = &crossings->ids;
    tracer.dropped = &crossings->dropped;
    tracer.process = getpid();
    mh_tracing = true;
    return &tracer;
}

void note_line(const char *text, size_t len) {
    if (!is_worker())
        return;
    mh_crash *crash = &channel->crash;
    if (len > MH_LINE_ROOM - 1)
        len = MH_LINE_ROOM - 1;
    pthread_mutex_lock(&lines_lock);
    char *line = crash->lines[crash->line_count++ % MH_LAST_LINES];
    memcpy(line, text, len);
    line[len] = '\0';
    pthread_mutex_unlock(&lines_lock);
}

