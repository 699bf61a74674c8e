/* Crossings without Python: a traced host with the module of argv[1] that four threads call at once, and
 * the ring that several threads put into while one takes out. It prints how many came through. */
#define _GNU_SOURCE
#include "host.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, MESSAGES = 500, CROSSINGS = 20000 };

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* ---- A host ------------------------------------------------------------------------------------ */

static void *send_messages(void *host) {
    mh_params params = {.to = "bob", .to_len = 3};
    for (int i = 0; i < MESSAGES; i++) {
        mh_event event = {.kind = MH_ON_MESSAGE, .params = &params, .message = "hello", .len = 5};
        mh_pass pass = {.collect = true};
        mh_outcome out;
        if (mh_process(host, &event, &pass, &out) != MH_CALLED)
            fail("not called");
        mh_mail_free(pass.mail);
    }
    return NULL;
}

static void trace_a_host(const char *library, int file) {
    mh_hooks hooks = {.serve = NULL};
    mh_limits limits = {1 << 20, 1 << 20, 10};
    mh_host *host = mh_host_new(&hooks, &limits, false);
    mh_load what = {.label = "echo",
                    .path = library,
                    .entry = "mesibo_module_echo_init",
                    .revision = "doc2019",
                    .thread_safe = true};
    mh_pass pass = {.collect = true};
    mh_refusal refusal;
    mh_damage damage;
    mh_traced traced;
    pthread_t threads[THREADS];
    int64_t code;
    if (host == NULL || !mh_host_trace(host, file, MH_TRACE_LINES))
        fail("no host");
    mh_instance *echo = mh_load_module(host, &what, &pass, &refusal);
    if (echo == NULL)
        fail("not loaded");
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, send_messages, host);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    mh_close(echo, &pass, -1, &code, &damage);
    mh_mail_free(pass.mail);
    mh_instance_unref(echo);
    mh_host_stop(host);
    mh_host_traced(host, &traced);
    printf("%d crossings, %d dropped\n", (int)traced.crossings, (int)traced.dropped);
    mh_host_free(host);
}

static void count_lines(const char *path) {
    FILE *file = fopen(path, "r");
    char line[2 * MH_CROSSING_TEXT];
    int lines = 0, whole = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        lines++;
        whole += line[0] == '{' && strcmp(line + strlen(line) - 2, "}\n") == 0;
    }
    if (file != NULL)
        fclose(file);
    printf("%d lines, %d of them whole\n", lines, whole);
}

/* ---- The ring ------------------------------------------------------------------------------------ */

static mh_crossings *ring;

static void *put(void *data) {
    mh_crossing crossing = {.function = MH_FN_ON_CALL, .thread = *(int *)data};
    for (crossing.id = 1; crossing.id <= CROSSINGS; crossing.id++)
        mh_crossings_put(ring, &crossing);
    return NULL;
}

static void put_and_take(void) {
    uint64_t taken = 0, last[THREADS] = {0};
    int numbers[THREADS], in_order = 0;
    pthread_t threads[THREADS];
    mh_crossing crossing;
    ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        fail("no memory");
    ring->taken_out = true;
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, put, &numbers[i]);
    }
    while (taken < THREADS * CROSSINGS)
        if (mh_crossings_take(ring, &taken, &crossing))
            in_order += crossing.id == ++last[crossing.thread];
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%d in order, %d dropped\n", in_order, (int)ring->dropped);
    free(ring);
}

/* Nobody takes out: threads come round to what another still writes, which is left to it. */
static void put_and_keep(void) {
    mh_crossing crossing = {.function = MH_FN_ON_CALL, .thread = THREADS}, last[MH_LAST_CROSSINGS];
    int numbers[THREADS];
    pthread_t threads[THREADS];
    ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        fail("no memory");
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, put, &numbers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    mh_crossing *next = &ring->ring[ring->put % MH_FEW];
    uint64_t round_before = MH_WRITING | (ring->put - MH_FEW + 1);
    next->state = round_before;
    mh_crossings_put(ring, &crossing);
    bool is_left = next->state == round_before && next->thread != THREADS;
    mh_crossings_renew(ring, &(uint64_t){ring->put}); /* another process: nobody is there any more */
    ring->ring[ring->put % MH_FEW].state = round_before;
    mh_crossings_put(ring, &crossing);
    printf("%s, %d behind it\n", is_left ? "left" : "written over",
           (int)mh_crossings_last(ring, last));
    free(ring);
}

int main(int count, char **arguments) {
    char path[] = "/tmp/mesibo_trace_XXXXXX";
    int file = mkstemp(path);
    if (count < 2 || file < 0)
        fail("usage: trace LIBRARY");
    trace_a_host(arguments[1], file);
    count_lines(path);
    unlink(path);
    put_and_take();
    put_and_keep();
    return 0;
}
