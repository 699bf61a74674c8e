/* tracer.h - how crossings are noted while they happen. Who is not traced pays one branch at each.
 *
 * A host that is traced has a tracer, and so has a worker, always: its last crossings are in the report of
 * a crash. A crossing begins with mh_cross, gets its arguments by mh_say_..., and ends with mh_crossed; all
 * of them take NULL, which is what there is where nobody looks. */
#ifndef MESIBO_TRACER_H
#define MESIBO_TRACER_H

#include "host.h"

typedef struct mh_tracer mh_tracer;
struct mh_tracer {
    mh_crossing *open; /* MH_OPEN_CROSSINGS of them */
    _Atomic uint64_t *ids, *dropped;
    int32_t process;
    /* One is over. On the thread that it was on, which is not cancelled meanwhile. */
    void (*over)(mh_tracer *tracer, const mh_crossing *crossing);
    /* False in a child that a module forked off. */
    bool (*is_here)(const mh_tracer *tracer);
};

extern _Atomic bool mh_tracing; /* somebody in this process is traced, or was */

/* Also asked by threads of modules of other hosts: who is traced waits for none of them. */
static inline bool mh_is_traced(void) {
    return __builtin_expect(atomic_load_explicit(&mh_tracing, memory_order_relaxed), false);
}

/* `call`, and where somebody looks, around it a crossing that `says` tells of, as `crossing`. The caller
 * of the host function may be NULL: then it is whose callback this thread is in. */
#define MH_CROSSING(instance, function, says, call) \
    MH_CROSSING_OF(mh_crossed, instance, function, says, call)
#define MH_CROSSING_OF(over, instance, function, says, call) \
    (mh_is_traced() ? __extension__({ \
         mh_crossing *crossing = mh_cross((instance), MH_FN_##function); \
         says; \
         over(crossing, (call)); \
     }) \
                    : (call))

mh_crossing *mh_cross(const mh_instance *instance, mh_function function);
/* These return the result: a number, a text, and what the module does not get. */
int64_t mh_crossed(mh_crossing *crossing, int64_t result);
char *mh_crossed_text(mh_crossing *crossing, char *result);
int64_t mh_crossed_void(mh_crossing *crossing, int64_t result);
/* A thread of a module's ends: all that it was in is over. */
void mh_crossed_all(void);

void mh_say_number(mh_crossing *crossing, mh_argument_name name, uint64_t value);
void mh_say_signed(mh_crossing *crossing, mh_argument_name name, int64_t value);
void mh_say_pointer(mh_crossing *crossing, mh_argument_name name, const void *pointer);
/* NULL is said as such. What cannot be read beyond the first page is cut. */
void mh_say_bytes(mh_crossing *crossing, mh_argument_name name, const char *bytes, uint64_t len);
void mh_say_text(mh_crossing *crossing, mh_argument_name name, const char *text);
/* Several at once; what is 0 of params, and what is not set of options, is left out. */
void mh_say_params(mh_crossing *crossing, const mh_params *params);
void mh_say_sending(mh_crossing *crossing, const mh_instance *from, const void *params,
                    const char *message, uint64_t len);
void mh_say_line(mh_crossing *crossing, const mh_instance *from, uint64_t level, const char *format,
                 va_list args);
void mh_say_callback(mh_crossing *crossing, void (*callback)(void), const void *cbdata);
void mh_say_search(mh_crossing *crossing, const char *src, size_t len, const char *key);
void mh_say_thread(mh_crossing *crossing, const void *data, size_t stack_size, const char *name);
void mh_say_server(mh_crossing *crossing, const char *host, int64_t port, int64_t keepalive,
                   const void *cbdata);
void mh_say_written(mh_crossing *crossing, int64_t socket, const char *data, int64_t len);
/* What callbacks of requests are given. */
void mh_say_answer(mh_crossing *crossing, const void *cbdata, int64_t state, int64_t progress,
                   const char *data, size_t size);
void mh_say_status(mh_crossing *crossing, const void *cbdata, int64_t status, const char *content_type);
void mh_say_connected(mh_crossing *crossing, const void *cbdata, int64_t socket, int64_t descriptor);
void mh_say_data(mh_crossing *crossing, const void *cbdata, const char *data, size_t size);
void mh_say_result(mh_crossing *crossing, const void *cbdata, int64_t code, const char *data,
                   size_t size);
void mh_say_end(mh_crossing *crossing, const void *cbdata, int64_t code);
/* Of the host function that this thread is in. */
void mh_say_request(const mh_what *what);

#endif
