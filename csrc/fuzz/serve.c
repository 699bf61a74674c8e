/* serve.c - cases one by one, each in a process of its own that has seen no other. A case comes in as 32
 * bits of size and the input; what goes out is three times 32 bits, whether all went well, how its process
 * ended (as wait(2) says it) and the size of the report, and the report. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
void __sanitizer_cov_trace_cmp8(uint64_t one, uint64_t other);

enum { INPUT = 1 << 25 }; /* bytes: all items of a configuration are in it */

/* Seen by both sides: the case is over, and has left nothing behind. An exit status says nothing: the module
 * may have any. */
static atomic_uint *sound;

static bool read_all(int file, void *to, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t got = read(file, (char *)to + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static bool write_all(int file, const void *from, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t put = write(file, (const char *)from + done, size - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

static void too_long(int number) {
    (void)number;
    fuzz_report("hang", "stopped, or not over after %g seconds", fuzz_asked.deadline);
}

static void set_deadline(void) {
    time_t seconds = (time_t)fuzz_asked.deadline;
    const struct itimerval after = {
        .it_value = {seconds, (suseconds_t)((fuzz_asked.deadline - (double)seconds) * 1e6) + 1}};
    signal(SIGALRM, too_long);
    setitimer(ITIMER_REAL, &after, NULL);
}

/* What is left of a pointer on the stack, or in the tables of what was compared, must not make a
 * leak look as if somebody knew of it. */
__attribute__((noinline)) static void forget_pointers(void) {
    volatile char used[1 << 16];
    for (size_t i = 0; i < sizeof used; i++)
        used[i] = 0;
    fuzz_compared_begin();
    for (uint64_t i = 0; i < 64; i++) /* places in the table: by what differs */
        __sanitizer_cov_trace_cmp8(0, i);
}

/* Whatever the module does to what happens at an exit. */
static _Noreturn void run(const uint8_t *input, size_t size, int report) {
    static fuzz_case what;
    fuzz_report_to(report);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    fuzz_forked();
    fuzz_read(&what, input, size);
    fuzz_end_watch();
    fuzz_set_state(FUZZ_RUNNING);
    set_deadline();
    fuzz_live(&what);
    signal(SIGALRM, SIG_DFL);
    forget_pointers();
    bool leaks = fuzz_asked.leaks && __lsan_do_recoverable_leak_check != NULL &&
                 __lsan_do_recoverable_leak_check() != 0;
    *sound = !leaks;
    _exit(0);
}

static bool tell(int out, int status, int report) {
    static char text[1 << 16];
    ssize_t size = pread(report, text, sizeof text, 0);
    uint32_t said[3] = {*sound, (uint32_t)status, size > 0 ? (uint32_t)size : 0};
    return write_all(out, said, sizeof said) && write_all(out, text, said[2]);
}

/* One that stops itself hangs, and says where when it is let go on. */
static int end_of(pid_t child) {
    int status = 0;
    for (;;) {
        pid_t found = waitpid(child, &status, WUNTRACED);
        if (found < 0 && errno == EINTR)
            continue;
        if (found != child || !WIFSTOPPED(status))
            return status;
        kill(child, SIGALRM);
        kill(child, SIGCONT);
    }
}

int fuzz_serve(void) {
    static uint8_t input[INPUT];
    uint32_t size;
    int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 100);
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100), nothing = open("/dev/null", O_RDWR);
    int report = memfd_create("report", MFD_CLOEXEC);
    sound = mmap(NULL, sizeof *sound, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (in < 0 || out < 0 || nothing < 0 || report < 0 || sound == MAP_FAILED)
        return 2;
    for (int file = 0; file < 3; file++) /* what the module prints, and reads */
        dup2(nothing, file);
    while (read_all(in, &size, sizeof size) && size <= sizeof input && read_all(in, input, size)) {
        if (ftruncate(report, 0) != 0 || lseek(report, 0, SEEK_SET) != 0)
            return 2;
        *sound = false;
        pid_t child = fork();
        if (child == 0)
            run(input, size, report);
        if (child < 0 || !tell(out, end_of(child), report))
            return 2;
    }
    return 0;
}
