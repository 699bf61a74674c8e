/* A library that modules link: it calls them back each millisecond, on a thread of its own. */
#define _DEFAULT_SOURCE
#include "ticker.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct ticker {
    void (*tick)(void *data);
    void *data;
};

static void *run(void *given) {
    struct ticker *ticker = given;
    for (;;) {
        ticker->tick(ticker->data);
        usleep(1000);
    }
    return NULL;
}

int ticker_start(void (*tick)(void *data), void *data) {
    struct ticker *ticker = malloc(sizeof(*ticker));
    pthread_t thread;
    if (ticker == NULL)
        return -1;
    *ticker = (struct ticker){tick, data};
    return pthread_create(&thread, NULL, run, ticker) || pthread_detach(thread) ? -1 : 0;
}
