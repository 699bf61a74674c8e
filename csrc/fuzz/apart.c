/* apart.c - cases in processes apart from libFuzzer's, for modules that do not leave everything as it was.
 *
 * A fork takes milliseconds under a sanitizer, of which most is for the tables of its memory, and a life takes
 * microseconds: so a process has several cases, as long as they do well. One that ends its process is run
 * again as the first of another, and counts if it ends that too. If not, it was what came before it, and
 * from then on a process has half as many, down to one. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 256 };

typedef struct errand {
    fuzz_left left;
    size_t size;
    uint8_t input[FUZZ_INPUT];
} errand;

static errand *given; /* seen by both sides */
static int log_file, nowhere;

static pid_t worker;
static int line = -1; /* a byte goes out when a case is there, and comes back when it is over */
static unsigned cases, most = MOST; /* of this worker; of any */

bool fuzz_apart_begin(int log) {
    log_file = log;
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    given = mmap(NULL, sizeof *given, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return nowhere >= 0 && given != MAP_FAILED && fuzz_memory_share() && fuzz_coverage_share() &&
           fuzz_compared_share() && fuzz_learned_share();
}

/* ---- The other process --------------------------------------------------------------------------------- */

static bool wait_for(int from) {
    char byte;
    ssize_t got;
    while ((got = recv(from, &byte, 1, 0)) < 0 && errno == EINTR)
        continue;
    return got == 1;
}

static bool tell(int to) {
    ssize_t put;
    while ((put = send(to, "", 1, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        continue;
    return put == 1;
}

/* What it says counts of its first case alone. */
static _Noreturn void work(int from, pid_t parent) {
    static fuzz_case what;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    fuzz_report_to(log_file); /* in a fork the sanitizers would open a file of their own */
    fuzz_forked();
    fuzz_end_watch();
    while (wait_for(from)) {
        fuzz_read(&what, given->input, given->size);
        fuzz_live(&what);
        given->left = fuzz_life_left();
        fuzz_report_to(nowhere);
        if (!tell(from))
            break;
    }
    _exit(0);
}

/* ---- This one ------------------------------------------------------------------------------------------ */

static int end_worker(void) {
    int status = 0;
    close(line);
    line = -1;
    while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* False: there are no more processes, or files, at the moment. */
static bool start_worker(void) {
    int ends[2];
    pid_t parent = getpid();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    worker = fork();
    if (worker == 0) {
        close(ends[0]);
        work(ends[1], parent);
    }
    close(ends[1]);
    line = ends[0];
    cases = 0;
    if (worker > 0)
        return true;
    close(line);
    line = -1;
    return false;
}

/* False: it ended the worker, with that status. */
static bool ask(int *status) {
    cases++;
    if (tell(line) && wait_for(line))
        return true;
    *status = end_worker();
    return false;
}

void fuzz_apart_run(const uint8_t *input, size_t size, fuzz_left *left) {
    int status;
    given->left = *left = (fuzz_left){0};
    given->size = size < FUZZ_INPUT ? size : FUZZ_INPUT;
    memcpy(given->input, input, given->size);
    if (line >= 0 && cases >= most)
        end_worker();
    while (line >= 0 || start_worker()) {
        if (ask(&status)) {
            *left = given->left;
            return;
        }
        if (cases == 1)
            fuzz_report("ended", "the case ended its process, with the wait status %#x",
                        (unsigned)status);
        most = most > 1 ? most / 2 : 1;
    }
}
