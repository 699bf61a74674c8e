/* main.c - the worker program. It is started by a host, and by nobody else. */
#define _GNU_SOURCE
#include "worker.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

mh_channel *channel;

static bool is_started_by_a_host(void) {
    struct stat memory;
    return fstat(MEMORY_FD, &memory) == 0 && (size_t)memory.st_size == MH_CHANNEL_SIZE &&
           fstat(CONTROL_FD, &memory) == 0 && S_ISSOCK(memory.st_mode);
}

/* As a module finds it in the process of a host in Python: text is in the user's encoding, and a pipe that
 * nobody reads is an error. What it prints is out at the end of each line, as it may not live to flush it. */
static void be_like_the_host(void) {
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
}

/* What comes in there is the host's: a module that reads it would take it away. */
static void leave_the_input(void) {
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0)
        close(STDIN_FILENO);
    if (nothing >= 0)
        close(nothing);
}

int main(void) {
    if (is_started_by_a_host())
        channel = mh_channel_map(MEMORY_FD);
    if (channel == NULL) {
        fputs("mesibo-abi-worker: expected to be started by a host, with its memory and its socket; "
              "load a module with isolated=True\n", stderr);
        return 2;
    }
    close(MEMORY_FD);
    syscall(SYS_close_range, MEMORY_FD, ~0u, 0); /* of the host, where it did not mark them */
    be_like_the_host();
    leave_the_input();
    zygote_run();
}
