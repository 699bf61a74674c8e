/* fence.c - a module may signal its own process and its children, and not those that run it: the host, the
 * zygote, their groups, or all processes there are (which is what kill(2) does with the -1 of a fork that
 * failed). It keeps mistakes off, and is no sandbox. */
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the fence is written for x86-64 and aarch64; add how the kernel calls this machine"
#endif

/* System calls whose first argument is whom they are meant for. */
static const uint32_t calls[] = {SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo,
                                 SYS_rt_tgsigqueueinfo, SYS_process_vm_writev,
#ifdef SYS_pidfd_open
                                 SYS_pidfd_open
#endif
};

enum { CALLS = sizeof calls / sizeof calls[0], PROTECTED = 5, MOST = 7 + CALLS + PROTECTED };

#define LOAD(field) \
    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what)
/* Skips so many where it is equal, and so many where not. */
#define IF(value, then, otherwise) \
    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), (uint8_t)(then), \
                                 (uint8_t)(otherwise))

void fence_raise(pid_t host, pid_t zygote) {
    const pid_t protected[PROTECTED] = {host, zygote, -getpgid(host), -zygote, -1};
    struct sock_filter filter[MOST];
    unsigned short at = 0;
    filter[at++] = LOAD(arch);
    filter[at++] = IF(ARCHITECTURE, 0, CALLS + 1);
    filter[at++] = LOAD(nr);
    for (int i = 0; i < CALLS; i++)
        filter[at++] = IF(calls[i], CALLS - i, 0);
    filter[at++] = RETURN(SECCOMP_RET_ALLOW);
    filter[at++] = LOAD(args[0]); /* its lower half: these machines put it first */
    for (int i = 0; i < PROTECTED; i++)
        filter[at++] = IF(protected[i], PROTECTED - i, 0);
    filter[at++] = RETURN(SECCOMP_RET_ALLOW);
    filter[at++] = RETURN(SECCOMP_RET_ERRNO | EPERM);
    struct sock_fprog program = {at, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) /* else there is none: as before it was raised */
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
}
