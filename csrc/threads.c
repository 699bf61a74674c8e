/* threads.c - threads that the host makes for a module: what they call counts as the module's. */
#define _GNU_SOURCE
#include "core.h"

#include <stdlib.h>
#include <string.h>

typedef struct start {
    mh_instance *instance;
    void *(*run)(void *);
    void *data;
    char name[16]; /* the kernel keeps no more */
} start;

/* Also when the module ends it by pthread_exit. */
static void end_thread(void *data) {
    start *given = data;
    mh_instance *instance = given->instance;
    mh_crossed_all();
    mh_top = NULL;
    free(given);
    instance->threads--;
    mh_instance_unref(instance);
}

/* Over in end_thread. */
static void say_begun(const start *given) {
    mh_crossing *crossing = mh_cross(given->instance, MH_FN_THREAD);
    mh_say_text(crossing, MH_ARG_name, given->name);
    mh_say_pointer(crossing, MH_ARG_data, given->data);
}

static void *run_thread(void *data) {
    start *given = data;
    mh_frame frame;
    if (given->name[0] != '\0')
        pthread_setname_np(pthread_self(), given->name);
    mh_push(&frame, given->instance, NULL, NULL);
    pthread_cleanup_push(end_thread, given);
    if (mh_is_traced())
        say_begun(given);
    given->run(given->data);
    pthread_cleanup_pop(1);
    return NULL;
}

/* What a thread calls of the host runs on its stack too, the embedder's upcalls included: the least
 * that a thread can be made with would be too little for those. */
enum { LEAST_STACK = 256 << 10 };

static size_t stack_of(size_t asked) {
    return asked < LEAST_STACK ? LEAST_STACK : (asked + 0xFFF) & ~(size_t)0xFFF;
}

static bool create(start *given, size_t stack_size) {
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    bool created = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                   (stack_size == 0 ||
                    pthread_attr_setstacksize(&attributes, stack_of(stack_size)) == 0) &&
                   pthread_create(&thread, &attributes, run_thread, given) == 0;
    pthread_attr_destroy(&attributes);
    return created;
}

bool mh_thread_start(mh_instance *from, void *(*run)(void *), void *data, size_t stack_size,
                     const char *name) {
    start *given = run != NULL ? calloc(1, sizeof *given) : NULL;
    if (given != NULL) {
        *given = (start){.instance = from, .run = run, .data = data};
        if (name != NULL)
            strncpy(given->name, name, sizeof given->name - 1);
        mh_instance_ref(from);
        from->threads++;
        if (from->state != MH_DEAD && create(given, stack_size))
            return true;
        from->threads--;
        mh_instance_unref(from);
        free(given);
    }
    mh_report(from, "thread %s could not be made with a stack of %zu bytes",
              name != NULL ? name : "without a name", stack_size);
    return false;
}
