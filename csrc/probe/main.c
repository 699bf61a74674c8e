/* main.c - the probe. It is started by a check, and by nobody else. */
#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static notes nowhere; /* before there are any */
notes *noted = &nowhere;
int report_file;

void report(const char *format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (len > (int)sizeof line - 2)
        len = (int)sizeof line - 2;
    line[len++] = '\n';
    ssize_t written = write(report_file, line, (size_t)len);
    (void)written; /* who reads sees that there is no end */
}

/* The notes, and behind them the record of what ends this process. */
static bool keep_notes(int file) {
    size_t size = NOTES_SIZE + sizeof(mh_fault);
    char *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED)
        return false;
    noted = (notes *)(void *)shared;
    noted->call = -1;
    return mh_fault_watch((mh_fault *)(void *)(shared + NOTES_SIZE));
}

/* As many descriptors as are allowed: a module that loses many shall not run out before that is seen. */
enum { MOST_DESCRIPTORS = 1 << 18 };
static void allow_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < MOST_DESCRIPTORS ? limit.rlim_max : MOST_DESCRIPTORS;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool is_descriptor(const char *word, int *out) {
    char *end;
    errno = 0;
    long number = strtol(word, &end, 10);
    *out = (int)number;
    return errno == 0 && end != word && *end == '\0' && number > 2 && number < 1 << 20;
}

int main(int argc, char **argv) {
    int task_file, notes_file;
    task task;
    void *warm[1];
    if (argc != 4 || !is_descriptor(argv[1], &task_file) || !is_descriptor(argv[2], &report_file) ||
        !is_descriptor(argv[3], &notes_file) || !task_read(task_file, &task) ||
        !keep_notes(notes_file)) {
        fputs("mesibo-abi-probe: expected to be started by a check, with its task; run: "
              "mesibo-abi check --only resources MODULE\n", stderr);
        return 2;
    }
    close(task_file);
    close(notes_file);
    backtrace(warm, 1); /* it loads a library the first time */
    allow_descriptors();
    counting = task.mode != CALLS;
    frames_of(task.what.path);
    if (!host_make(&task)) {
        fputs("mesibo-abi-probe: no memory, descriptor or thread for a host\n", stderr);
        return 2;
    }
    if (task.mode == SLOPES)
        slopes_run(&task);
    else if (task.mode == LIFECYCLES)
        lifecycles_run(&task);
    else
        calls_run(&task);
    _exit(0); /* with no destructors of the module: it is unmapped, or to stay */
}
