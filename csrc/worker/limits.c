/* limits.c - what a module may take, set in its worker before any code of the module runs. The hard limits
 * are set with the soft ones, the right to raise them is given up, and a filter of system calls cannot be
 * taken off: the module cannot go back behind them, and neither can what it forks off. */
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    OWN_FILES = 64,       /* more than an empty worker has */
    NO_NETWORK = ENETDOWN /* an errno that a module hardly gets for anything else */
};

static mh_worker_limits limits; /* in force */

/* Above the hard limit that is there already nobody gets: what was asked for holds as well. */
static bool set(int which, uint64_t soft, uint64_t hard) {
    struct rlimit given;
    if (getrlimit(which, &given) != 0)
        return false;
    struct rlimit wanted = {soft < given.rlim_max ? soft : given.rlim_max,
                            hard < given.rlim_max ? hard : given.rlim_max};
    return setrlimit(which, &wanted) == 0;
}

/* Bytes of private memory that can be written to, as RLIMIT_DATA counts them. */
static bool data_now(uint64_t *bytes) {
    static const char wanted[] = "VmData:";
    unsigned long long kibibytes = 0;
    char line[256];
    bool found = false;
    FILE *status = fopen("/proc/self/status", "re");
    if (status == NULL)
        return false;
    errno = ENODATA;
    while (!found && fgets(line, sizeof line, status) != NULL)
        found = strncmp(line, wanted, sizeof wanted - 1) == 0 &&
                sscanf(line + sizeof wanted - 1, "%llu", &kibibytes) == 1;
    fclose(status);
    *bytes = (uint64_t)kibibytes << 10;
    return found;
}

/* Not RLIMIT_AS, which counts what is shared with the host as well, and what is only set aside. */
static bool bound_memory(uint64_t bytes) {
    uint64_t now;
    return data_now(&now) && set(RLIMIT_DATA, now + bytes, now + bytes);
}

/* A second later the kernel ends it: who does not heed the signal cannot say where it was. */
static bool bound_time(uint64_t seconds) { return set(RLIMIT_CPU, seconds, seconds + 1); }

/* The limit is of a descriptor's number: beside those that are there, so many are free below it. */
static bool bound_files(uint64_t count) {
    for (int file = 0; file < OWN_FILES; file++)
        count += fcntl(file, F_GETFD) >= 0;
    return set(RLIMIT_NOFILE, count, count);
}

/* Root could raise them again, and what is made to run as another user could. */
static bool give_up_raising(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct rights[_LINUX_CAPABILITY_U32S_3];
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_capget, &header, rights) != 0)
        return false;
    rights[0].effective &= ~(1u << CAP_SYS_RESOURCE);
    rights[0].permitted &= ~(1u << CAP_SYS_RESOURCE);
    rights[0].inheritable &= ~(1u << CAP_SYS_RESOURCE);
    return syscall(SYS_capset, &header, rights) == 0;
}

static bool has_any(const mh_worker_limits *wanted) {
    return wanted->memory > 0 || wanted->cpu_time > 0 || wanted->open_files > 0 || wanted->no_network;
}

/* ---- The network ---------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#define FIRST_FOREIGN 0x40000000u /* x32 */
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#define FIRST_FOREIGN UINT32_MAX
#else
#error "the filter of system calls is written for x86-64 and aarch64; add this machine's number"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define JUMP(test, value, yes, no) BPF_JUMP(BPF_JMP | (test) | BPF_K, value, yes, no)

/* Only local sockets are made. io_uring makes others without a system call for each, so it goes too, and
 * system calls of another machine's numbering. */
static bool close_network(void) {
    struct sock_filter filter[] = {
        LOAD(arch),
        JUMP(BPF_JEQ, MACHINE, 0, 8), /* how many are skipped */
        LOAD(nr),
        JUMP(BPF_JGE, FIRST_FOREIGN, 6, 0),
        JUMP(BPF_JEQ, SYS_io_uring_setup, 0, 1),
        RETURN(SECCOMP_RET_ERRNO | EPERM),
        JUMP(BPF_JEQ, SYS_socket, 0, 2),
        LOAD(args[0]),
        JUMP(BPF_JEQ, AF_UNIX, 0, 2),
        RETURN(SECCOMP_RET_ALLOW),
        RETURN(SECCOMP_RET_ERRNO | ENOSYS),
        RETURN(SECCOMP_RET_ERRNO | NO_NETWORK),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

/* ---- All of them ------------------------------------------------------------------------------------------ */

bool limits_set(const mh_worker_limits *wanted, char *why, size_t size) {
    const char *what = NULL;
    if (has_any(wanted) && !give_up_raising())
        what = "privileges";
    else if (wanted->memory > 0 && !bound_memory(wanted->memory))
        what = "memory";
    else if (wanted->cpu_time > 0 && !bound_time(wanted->cpu_time))
        what = "cpu_time";
    else if (wanted->open_files > 0 && !bound_files(wanted->open_files))
        what = "open_files";
    else if (wanted->no_network && !close_network())
        what = "network";
    limits = *wanted;
    if (what != NULL)
        snprintf(why, size, "%s: %s", what, strerror(errno));
    return what == NULL;
}

bool limits_say(int error, char *text, size_t size) {
    switch (limits_behind(error)) {
    case MH_REACHED_MEMORY:
        snprintf(text, size, "refused memory: its limit is %llu bytes",
                 (unsigned long long)limits.memory);
        return true;
    case MH_REACHED_OPEN_FILES:
        snprintf(text, size, "refused a descriptor: its limit is %llu open files",
                 (unsigned long long)limits.open_files);
        return true;
    case MH_REACHED_NETWORK:
        snprintf(text, size, "refused the network: its limit is network=False");
        return true;
    default:
        return false;
    }
}

mh_reached limits_behind(int error) {
    if (error == ENOMEM && limits.memory > 0)
        return MH_REACHED_MEMORY;
    if (error == EMFILE && limits.open_files > 0)
        return MH_REACHED_OPEN_FILES;
    if (error == NO_NETWORK && limits.no_network)
        return MH_REACHED_NETWORK;
    return MH_REACHED_NONE;
}
