/* trace.h - the file that all crossings of a host are written to, those of its workers among them. */
#ifndef MESIBO_TRACE_H
#define MESIBO_TRACE_H

#include "tracer.h"

typedef struct mh_trace mh_trace;

/* The crossings of a worker, as its host takes them out. */
typedef struct mh_source {
    mh_crossings *crossings;
    const char *label;
    uint64_t taken;
    int32_t process; /* the last that it had any of */
    struct mh_source *next;
} mh_source;

mh_tracer *mh_trace_tracer(mh_trace *trace);
/* Writes how many there were, and closes the file; nothing is written behind that. */
void mh_trace_end(mh_trace *trace);
void mh_trace_free(mh_trace *trace);

/* From here on, until mh_trace_leave, a thread of the trace's takes out what is put in. `trace` NULL:
 * nobody does. False: there is no thread. */
bool mh_trace_join(mh_trace *trace, mh_source *source);
void mh_trace_leave(mh_trace *trace, mh_source *source);
/* The process of the source is gone: takes out all that is left, and what was under way. */
void mh_trace_flush(mh_trace *trace, mh_source *source);
/* Before there is a new one. */
void mh_trace_renew(mh_trace *trace, mh_source *source);

#endif
