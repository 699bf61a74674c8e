/* caller.c - the module that calls its host: what the first byte of a message says, `id` times.
 *
 *   s  sends the message on        l  logs a line        q  logs a line that nobody wants to see
 *   t  sends the message on, from the module's own thread, while on_message waits for that
 *
 * It times its own loop, so that what a host function costs is not mixed up with what it cost to
 * come here: mesibo_bench_elapsed is how many nanoseconds the last loop took. */
#define _GNU_SOURCE
#include "module.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

__attribute__((visibility("default"))) int64_t mesibo_bench_elapsed;

typedef struct job {
    mesibo_module_t *mod;
    mesibo_message_params_t *params;
    const char *message;
    mesibo_uint_t len;
    int result;
} job;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* How often the host function did not return MESIBO_RESULT_OK, in the range of results. */
static int send_all(const job *job) {
    mesibo_module_t *mod = job->mod;
    mesibo_uint_t refused = 0, count = job->params->id;
    int64_t begin = now();
    for (mesibo_uint_t i = 0; i < count; i++)
        refused += mod->send_message(mod, job->params, job->message, job->len) != 0;
    mesibo_bench_elapsed = now() - begin;
    return refused == 0 ? MESIBO_RESULT_PASS : MESIBO_RESULT_CONSUMED;
}

static int log_all(const job *job, mesibo_uint_t level) {
    mesibo_module_t *mod = job->mod;
    mesibo_uint_t refused = 0, count = job->params->id;
    int64_t begin = now();
    for (mesibo_uint_t i = 0; i < count; i++)
        refused += mod->log(mod, level, "%d bytes for %s\n", (int)job->len, job->params->to) != 0;
    mesibo_bench_elapsed = now() - begin;
    return refused == 0 ? MESIBO_RESULT_PASS : MESIBO_RESULT_CONSUMED;
}

/* ---- A thread for each load: how it is attached to Python must not depend on other peers ------- */

typedef struct worker {
    struct worker *next;
    mesibo_module_t *mod; /* whose it is */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    job *waiting;
    bool running, stopping;
} worker;

static worker *workers;
static pthread_mutex_t workers_lock = PTHREAD_MUTEX_INITIALIZER;

static void *serve(void *argument) {
    worker *self = argument;
    pthread_mutex_lock(&self->lock);
    for (;;) {
        while (self->waiting == NULL && !self->stopping)
            pthread_cond_wait(&self->changed, &self->lock);
        if (self->stopping)
            break;
        job *next = self->waiting;
        pthread_mutex_unlock(&self->lock);
        next->result = send_all(next);
        pthread_mutex_lock(&self->lock);
        self->waiting = NULL;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static worker *worker_of(const mesibo_module_t *mod) {
    pthread_mutex_lock(&workers_lock);
    worker *found = workers;
    while (found != NULL && found->mod != mod)
        found = found->next;
    pthread_mutex_unlock(&workers_lock);
    return found;
}

static int from_thread(job *job) {
    worker *worker = worker_of(job->mod);
    pthread_mutex_lock(&worker->lock);
    if (!worker->running)
        worker->running = pthread_create(&worker->thread, NULL, serve, worker) == 0;
    bool there = worker->running;
    if (there) {
        worker->waiting = job;
        pthread_cond_broadcast(&worker->changed);
        while (worker->waiting == job)
            pthread_cond_wait(&worker->changed, &worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return there ? job->result : MESIBO_RESULT_FAIL;
}

static void stop(worker *worker) {
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    if (worker->running)
        pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

/* ---- What the host calls --------------------------------------------------------------------- */

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    job job = {mod, params, message, len, MESIBO_RESULT_FAIL};
    switch (len > 0 ? message[0] : 0) {
    case 's': return send_all(&job);
    case 't': return from_thread(&job);
    case 'l': return log_all(&job, 0);
    case 'q': return log_all(&job, 1);
    default: return MESIBO_RESULT_PASS;
    }
}

static int cleanup(mesibo_module_t *mod) {
    pthread_mutex_lock(&workers_lock);
    worker **at = &workers;
    while ((*at)->mod != mod)
        at = &(*at)->next;
    worker *mine = *at;
    *at = mine->next;
    pthread_mutex_unlock(&workers_lock);
    stop(mine);
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_caller_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    worker *mine = calloc(1, sizeof *mine);
    if (mine == NULL)
        return MESIBO_RESULT_FAIL;
    mine->mod = mod;
    pthread_mutex_init(&mine->lock, NULL);
    pthread_cond_init(&mine->changed, NULL);
    pthread_mutex_lock(&workers_lock);
    mine->next = workers;
    workers = mine;
    pthread_mutex_unlock(&workers_lock);
    mod->name = "caller";
    mod->cleanup = cleanup;
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
