/* threads.c - the events of a case on two threads: every other is on another thread, as a server's are; for
 * modules that several threads may be in, while this one goes on. */
#include "living.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct errand {
    mh_instance *instance;
    const fuzz_case *what;
    size_t from, to; /* steps, every other of them */
} errand;

static void *run_errand(void *data) {
    const errand *given = data;
    for (size_t i = given->from; i < given->to; i += 2)
        if (given->what->steps[i].kind <= FUZZ_CONFIG)
            fuzz_take_step(given->instance, &given->what->steps[i]);
    return NULL;
}

static pthread_t start(errand *given) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_errand, given) != 0)
        abort();
    return thread;
}

/* Up to the next reload. */
void fuzz_run_with_threads(mh_instance *instance, const fuzz_case *what, size_t *at) {
    size_t last = *at;
    while (last < what->count && what->steps[last].kind != FUZZ_RELOAD)
        last++;
    errand others = {instance, what, *at + 1, last};
    pthread_t beside = 0;
    if (instance->thread_safe)
        beside = start(&others);
    for (size_t begun = *at; *at < last; ++*at) {
        const fuzz_step *step = &what->steps[*at];
        bool other = (*at - begun) % 2 == 1 && step->kind <= FUZZ_CONFIG;
        if (!other)
            fuzz_take_step(instance, step);
        else if (!instance->thread_safe)
            pthread_join(start(&(errand){instance, what, *at, *at + 1}), NULL);
    }
    if (instance->thread_safe)
        pthread_join(beside, NULL);
}
