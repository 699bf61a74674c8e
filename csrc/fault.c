/* fault.c - what a process was doing when it ended: for the process that waits for it.
 *
 * In a handler only what works in a process that is broken: the registers are written down first, as
 * to walk a stack that was overwritten may be a fault of its own. */
#define _GNU_SOURCE
#include "host.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static mh_fault *watched;
static pid_t watched_process;

mh_fault *mh_fault_new(int file, int64_t offset) {
    void *shared = mmap(NULL, sizeof(mh_fault), PROT_READ | PROT_WRITE,
                        MAP_SHARED | (file < 0 ? MAP_ANONYMOUS : 0), file, (off_t)offset);
    return shared != MAP_FAILED ? shared : NULL;
}

void mh_fault_free(mh_fault *fault) {
    if (fault != NULL)
        munmap(fault, sizeof *fault);
}

static void write_maps(mh_fault *fault) {
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;
    while (file >= 0 && got > 0 && fault->maps_size < MH_FAULT_MAPS) {
        got = read(file, fault->maps + fault->maps_size, MH_FAULT_MAPS - fault->maps_size);
        fault->maps_size += got > 0 ? (uint32_t)got : 0;
    }
    if (file >= 0)
        close(file);
}

static void add_frame(mh_fault *fault, uint64_t address) {
    if (fault->frame_count < MH_FAULT_FRAMES)
        fault->frames[fault->frame_count++] = address;
}

/* The frames below `pc`, which is the first already; all of them where it is not on the stack. */
static void write_frames(mh_fault *fault, uint64_t pc) {
    void *found[MH_FAULT_FRAMES];
    int count = backtrace(found, MH_FAULT_FRAMES), first = 0;
    for (int i = 0; i < count && pc != 0; i++)
        if ((uint64_t)(uintptr_t)found[i] == pc)
            first = i + 1;
    for (int i = first; i < count; i++)
        add_frame(fault, (uint64_t)(uintptr_t)found[i]);
}

#if defined(__x86_64__)
static uint64_t counter_of(const ucontext_t *context) {
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
}
static int is_write(const ucontext_t *context) {
    return (context->uc_mcontext.gregs[REG_ERR] & 2) != 0;
}
/* A call through a wrong pointer: where it returns to is on top of the stack. */
static uint64_t caller_of(const ucontext_t *context) {
    return *(const uint64_t *)(uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}
#elif defined(__aarch64__)
static uint64_t counter_of(const ucontext_t *context) { return context->uc_mcontext.pc; }
static int is_write(const ucontext_t *context) { return (void)context, -1; }
static uint64_t caller_of(const ucontext_t *context) { return context->uc_mcontext.regs[30]; }
#else
static uint64_t counter_of(const ucontext_t *context) { return (void)context, 0; }
static int is_write(const ucontext_t *context) { return (void)context, -1; }
static uint64_t caller_of(const ucontext_t *context) { return (void)context, 0; }
#endif

static void write_down(mh_fault *fault, int signal, const siginfo_t *info, const void *context) {
    uint64_t pc = context != NULL ? counter_of(context) : 0;
    bool at_address = signal == SIGSEGV || signal == SIGBUS;
    fault->done = 1;
    fault->signal = signal;
    fault->code = info != NULL ? info->si_code : 0;
    fault->address = at_address ? (uint64_t)(uintptr_t)info->si_addr : 0;
    fault->writing = at_address ? is_write(context) : -1;
    if (pc != 0 || signal != 0)
        add_frame(fault, pc);
    write_maps(fault);
    if (at_address && fault->address == pc)
        add_frame(fault, caller_of(context));
    write_frames(fault, pc);
    fault->done = 2;
}

static void on_signal(int signal, siginfo_t *info, void *context) {
    static volatile sig_atomic_t entered;
    if (!entered) { /* a fault in here ends the process with what is written so far */
        entered = 1;
        write_down(watched, signal, info, context);
    }
    struct sigaction ordinary = {.sa_handler = SIG_DFL};
    sigaction(signal, &ordinary, NULL);
    raise(signal); /* pending until this returns */
}

static void on_exit_of(void) {
    if (watched != NULL && watched->done == 0 && getpid() == watched_process)
        write_down(watched, 0, NULL, NULL);
}

bool mh_fault_watch(mh_fault *fault) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    static char stack[64 * 1024];
    void *warm[1];
    backtrace(warm, 1); /* it loads a library the first time */
    watched = fault;
    watched_process = getpid();
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    bool set = sigaltstack(&alternate, NULL) == 0 && atexit(on_exit_of) == 0;
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        set = set && sigaction(signals[i], &action, NULL) == 0;
    return set;
}
