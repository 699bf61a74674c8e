/* fuzzer.c - what libFuzzer calls: each input is a case. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *input, size_t size));

/* ---- Cases that may leak -----------------------------------------------------------------------------
 *
 * What was allocated in a case and not freed may be a leak, or be kept in the module's data on purpose,
 * which are forgotten here. So a few such cases, by how much is left and where that was allocated, are put
 * aside for a process that can tell. Their names have the place: what has leaked there is not asked again. */

enum { KINDS = 512, TIMES = 3 };
static struct { fuzz_left left; unsigned times; } seen[KINDS];
static size_t seen_count;

/* `why` and where stand before its name. */
static void put_aside(const char *why, uint64_t place, const uint8_t *input, size_t size) {
    static unsigned count;
    char made[4096], name[4000];
    if (fuzz_asked.candidates == NULL)
        return;
    snprintf(name, sizeof name, "%s/%s-%llx-%d-%u", fuzz_asked.candidates, why,
             (unsigned long long)place, (int)getpid(), count++);
    snprintf(made, sizeof made, "%s.part", name);
    FILE *file = fopen(made, "wbe");
    if (file == NULL)
        return;
    bool written = fwrite(input, 1, size, file) == size;
    if (fclose(file) == 0 && written)
        rename(made, name);
}

static void look_for_leaks(fuzz_left left, const uint8_t *input, size_t size) {
    size_t at = 0;
    if (left.blocks <= 0 || seen_count == KINDS)
        return;
    if (left.place != 0)
        left.bytes = 0; /* of one place they are as many as a message is long */
    while (at < seen_count && (seen[at].left.blocks != left.blocks ||
                               seen[at].left.bytes != left.bytes || seen[at].left.place != left.place))
        at++;
    seen_count += at == seen_count;
    seen[at].left = left;
    if (seen[at].times++ < TIMES)
        put_aside("leak", left.place, input, size);
}

/* ---- Inputs ----------------------------------------------------------------------------------------- */

static void run_here(const uint8_t *input, size_t size, const fuzz_case *what) {
    switch (fuzz_try(what)) {
    case FUZZ_SOUND: look_for_leaks(fuzz_life_left(), input, size); break;
    case FUZZ_FAILED: put_aside("error", fuzz_failed_at(), input, size); break;
    case FUZZ_FAILED_BEFORE: break;
    }
}

/* One that ends its process has said why, and this one ends too, for libFuzzer to keep the input. */
static void run_apart(const uint8_t *input, size_t size) {
    fuzz_left left;
    fuzz_apart_run(input, size, &left);
    look_for_leaks(left, input, size);
}

/* Where it is written down: the process may end in it before anybody could be told. */
static void begin_case(const uint8_t *input, size_t size) {
    fuzz_noted->last_size = size < FUZZ_INPUT ? (uint32_t)size : 0;
    memcpy(fuzz_noted->last, input, fuzz_noted->last_size);
    fuzz_set_state(FUZZ_RUNNING);
}

bool fuzz_was_last(const uint8_t *input, size_t size) {
    return size == fuzz_noted->last_size && memcmp(input, fuzz_noted->last, size) == 0;
}

/* Nobody waits any more for what is found: who had started it was killed. */
static pid_t parent;
enum { OFTEN = 256 }; /* cases */

static int run(const uint8_t *input, size_t size) {
    static fuzz_case what;
    if (fuzz_noted->cases % OFTEN == 0 && getppid() != parent)
        _exit(0);
    if (fuzz_noted->cases == 0)
        fuzz_end_watch(); /* now: what libFuzzer does at an exit comes behind that */
    begin_case(input, size);
    fuzz_compared_begin();
    fuzz_read(&what, input, size);
    fuzz_follow(&what);
    if (fuzz_asked.isolate)
        run_apart(input, size);
    else
        run_here(input, size, &what);
    fuzz_noted->cases++;
    fuzz_set_state(FUZZ_BETWEEN);
    return 0;
}

int fuzz_with_libfuzzer(int argc, char **argv) {
    parent = getppid();
    int log = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100); /* libFuzzer closes that one, for the module */
    if (log < 0 || (fuzz_asked.isolate && !fuzz_apart_begin(log)))
        return 2;
    if (fuzz_asked.hurries && !fuzz_asked.threads)
        fuzz_go_on_behind_faults();
    if (!fuzz_asked.threads) /* they would race for the numbers */
        fuzz_heap_watch();
    /* How deep a case comes counts as coverage: that must not hang on where the stack begins. */
    _Alignas(4096) volatile char page[1] = {0};
    return LLVMFuzzerRunDriver(&argc, &argv, run) + page[0];
}
