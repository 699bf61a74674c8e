/* fault.c - what a process was doing when it ended: for the process that waits for it.
 *
 * In a handler only what works in a process that is broken: the registers are written down first, as
 * to walk a stack that was overwritten may be a fault of its own. */
#define _GNU_SOURCE
#include "host.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

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

/* ---- The stack: looking at it may fault, which ends the looking ----------------------------------------- */

static sigjmp_buf out_of_stack;
static _Atomic int looking; /* the thread that may jump there; 0: none */

typedef void look(mh_fault *fault, const void *context);

static void try_to(look *look, mh_fault *fault, const void *context) {
    if (sigsetjmp(out_of_stack, 1) == 0) {
        looking = gettid();
        look(fault, context);
    }
    looking = 0;
}

static void add_frame(mh_fault *fault, uint64_t address) {
    if (fault->frame_count < MH_FAULT_FRAMES)
        fault->frames[fault->frame_count++] = address;
}

static void add_found(void *context, uint64_t address) {
    mh_fault *fault = context;
    if (fault->found_count < MH_FAULT_FOUND)
        fault->found[fault->found_count++] = address;
}

#if defined(__x86_64__)
static uint64_t counter_of(const ucontext_t *context) {
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
}
static int is_write(const ucontext_t *context) {
    return (context->uc_mcontext.gregs[REG_ERR] & 2) != 0;
}
static uint64_t stack_of(const ucontext_t *context) {
    return (uint64_t)context->uc_mcontext.gregs[REG_RSP];
}
/* A call through a wrong pointer: where it returns to is on top of the stack. */
static uint64_t caller_of(const ucontext_t *context) {
    return *(const uint64_t *)(uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}
#elif defined(__aarch64__)
static uint64_t counter_of(const ucontext_t *context) { return context->uc_mcontext.pc; }
static int is_write(const ucontext_t *context) { return (void)context, -1; }
static uint64_t stack_of(const ucontext_t *context) { return context->uc_mcontext.sp; }
static uint64_t caller_of(const ucontext_t *context) { return context->uc_mcontext.regs[30]; }
#else
static uint64_t counter_of(const ucontext_t *context) { return (void)context, 0; }
static int is_write(const ucontext_t *context) { return (void)context, -1; }
static uint64_t stack_of(const ucontext_t *context) { return (void)context, 0; }
static uint64_t caller_of(const ucontext_t *context) { return (void)context, 0; }
#endif

static void write_caller(mh_fault *fault, const void *context) {
    add_frame(fault, caller_of(context));
}

typedef struct walk {
    mh_fault *fault;
    uint64_t pc;    /* frames down to this one are the handler's; 0: all are to be seen */
    uint32_t first; /* of those that are written here */
} walk;

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *data) {
    walk *walk = data;
    uint64_t address = _Unwind_GetIP(context);
    if (address == 0 || walk->fault->frame_count == MH_FAULT_FRAMES)
        return _URC_END_OF_STACK;
    if (address == walk->pc)
        walk->fault->frame_count = walk->first; /* it is there already */
    else
        add_frame(walk->fault, address);
    return _URC_NO_REASON;
}

static void write_frames(mh_fault *fault, const void *context) {
    walk walk = {fault, context != NULL ? counter_of(context) : 0, fault->frame_count};
    _Unwind_Backtrace(take_frame, &walk);
}

static void write_left(mh_fault *fault, const void *context) {
    mh_callers_below(stack_of(context), 0, MH_ROOM_LEFT, add_found, fault);
}

static void write_callers(mh_fault *fault, const void *context) {
    mh_callers_above(stack_of(context), UINT64_MAX, add_found, fault);
}

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
        try_to(write_caller, fault, context);
    try_to(write_frames, fault, context);
    if (context != NULL) {
        try_to(write_left, fault, context);
        try_to(write_callers, fault, context);
    }
    fault->done = 2;
}

static void on_signal(int signal, siginfo_t *info, void *context) {
    static volatile sig_atomic_t entered;
    if (looking == gettid())
        siglongjmp(out_of_stack, 1);
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

static _Unwind_Reason_Code stop_at_once(struct _Unwind_Context *context, void *data) {
    (void)context, (void)data;
    return _URC_END_OF_STACK;
}

bool mh_fault_watch(mh_fault *fault) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    static char stack[64 * 1024];
    _Unwind_Backtrace(stop_at_once, NULL); /* it loads a library the first time */
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
