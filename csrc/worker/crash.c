/* crash.c - the end of a module, told by the process that it takes with it.
 *
 * A handler writes registers and siginfo into the shared memory first, as everything behind that may fail:
 * the stack may be smashed, the heap be locked. Then it looks for the frames. Two timers bound all of it. */
#define _GNU_SOURCE
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Seconds of the processor, of which a report needs some thousandths; and seconds at all, as it may wait for
 * what another thread has: a busy machine makes everything late. */
enum { HANDLER_STACK = 128 << 10, MOST_WORK = 1, MOST_WAITING = 20 };

/* Those behind the faults end a process where nobody handles them; a module may send them to itself. */
static const int faults[] = {SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGABRT, SIGTRAP,   SIGSYS,
                             SIGXCPU, SIGXFSZ, SIGTERM, SIGQUIT, SIGHUP,  SIGALRM,   SIGVTALRM,
                             SIGPROF, SIGUSR1, SIGUSR2, SIGPOLL, SIGINT,  SIGSTKFLT};

static _Thread_local uint64_t stack_low, stack_high; /* of this thread */
static _Atomic int claimed;

int hang_signal(void) { return SIGRTMAX; }

/* ---- Who is here ---------------------------------------------------------------------------------------- */

static pid_t worker;
static volatile uint32_t *worker_mark; /* the kernel empties its page in every child of a fork */

static void mark_worker(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *made = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED || madvise(made, page, MADV_WIPEONFORK) != 0)
        return;
    worker_mark = made;
    *worker_mark = 1;
}

bool is_worker(void) { return worker_mark == NULL || *worker_mark == 1; }

/* Also where the child has the memory of its parent: before it ends. */
static bool is_worker_process(void) { return is_worker() && getpid() == worker; }

/* ---- The end -------------------------------------------------------------------------------------------- */

/* The first to end writes the report; whoever comes then waits for the process to end under it. */
static mh_crash *claim(mh_end_kind kind, mh_reached reached) {
    int nobody = 0;
    if (!atomic_compare_exchange_strong(&claimed, &nobody, gettid()))
        for (;;)
            pause();
    mh_crash *crash = &channel->crash;
    crash->kind = kind;
    crash->reached = reached;
    crash->thread = gettid();
    crash->own_thread = !is_turn_thread;
    crash->stack_low = stack_low;
    crash->stack_high = stack_high;
    prctl(PR_GET_NAME, crash->thread_name);
    return crash;
}

static int work_timer = -1; /* the kernel's number: glibc's may need memory */

/* SIGALRM ends the process then. */
static void bound_time(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec most = {.it_value = {MOST_WORK, 0}};
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGALRM);
    signal(SIGALRM, SIG_DFL);
    if (syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &work_timer) == 0)
        syscall(SYS_timer_settime, work_timer, 0, &most, NULL);
    alarm(MOST_WAITING);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static void unbound_time(void) {
    alarm(0);
    syscall(SYS_timer_delete, work_timer);
}

static _Noreturn void end(int code) {
    for (;;)
        syscall(SYS_exit_group, code);
}

/* Whether a debugger has come, and looks from here on. */
static bool is_debugged(void) {
    if (!channel->stops)
        return false;
    unbound_time();
    return debugger_stops(worker);
}

static bool comes_again(int number, const siginfo_t *info) {
    return info->si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGILL ||
                                 number == SIGFPE);
}

/* The signal once more, where it was, and no handler for it: there the debugger stops. An instruction that
 * faults does so again by itself. */
static void hand_over(int number, const siginfo_t *info) {
    sigset_t one;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        signal(faults[i], SIG_DFL);
    signal(number, SIG_DFL);
    if (comes_again(number, info))
        return;
    sigemptyset(&one);
    sigaddset(&one, number);
    pthread_sigmask(SIG_BLOCK, &one, NULL); /* until the handler has returned */
    syscall(SYS_tgkill, getpid(), gettid(), number);
}

/* The kernel sends those of timers, and says nothing of who set them: only the process itself can. */
static bool is_own(int number, const siginfo_t *info) {
    bool is_of_a_timer = number == SIGALRM || number == SIGVTALRM || number == SIGPROF;
    return info->si_code > 0 ? is_of_a_timer : info->si_pid == worker || info->si_code == SI_TIMER;
}

/* While this thread writes its report: what faults goes on where the unwinder was called, or it ends there.
 * Any other signal comes too late, the one for a hang as well. */
static void on_signal_meanwhile(int number, const siginfo_t *info) {
    if (!comes_again(number, info) && number != SIGABRT)
        return;
    frames_jump_out();
    end(128 + number);
}

static void on_signal(int number, siginfo_t *info, void *context) {
    int error = errno;
    if (!is_worker_process()) { /* a child of the module's: as if nobody had looked */
        signal(number, SIG_DFL);
        if (!comes_again(number, info))
            raise(number);
        errno = error;
        return;
    }
    if (claimed == gettid()) {
        on_signal_meanwhile(number, info);
        errno = error;
        return;
    }
    bool is_over = number == SIGXCPU && info->si_code > 0; /* else somebody sent it */
    mh_reached reached = is_over ? MH_REACHED_CPU_TIME : limits_behind(error);
    mh_crash *crash = claim(number == hang_signal() ? MH_END_HUNG : MH_END_FAULT, reached);
    crash->signal = number == hang_signal() ? 0 : number;
    crash->code = info->si_code;
    crash->own = is_own(number, info);
    crash->has_address = comes_again(number, info) && info->si_code != SI_KERNEL;
    crash->address = crash->has_address ? (uint64_t)(uintptr_t)info->si_addr : 0;
    if (crash->has_address)
        loan_at(crash->address, crash);
    machine_take(crash, context);
    bound_time();
    crash->stage = 1;
    ucontext_t at_fault = *(const ucontext_t *)context;
    frames_take(crash, context);
    frames_look_for_callers(crash);
    crash->stage = 2;
    if (number == SIGABRT)
        exception_take(crash);
    if (!is_debugged())
        end(128 + number);
    *(ucontext_t *)context = at_fault; /* a wild frame was left there */
    hand_over(number, info);
}

static _Noreturn void crash_exit(int code) {
    mh_crash *crash = claim(MH_END_EXIT, limits_behind(errno));
    crash->code = code;
    bound_time();
    crash->stage = 1;
    frames_take_callers(crash);
    crash->stage = 2;
    if (is_debugged()) {
        signal(SIGTRAP, SIG_DFL);
        raise(SIGTRAP);
    }
    end(code);
}

void crash_exit_if_worker(int code) {
    if (is_worker_process())
        crash_exit(code);
}

/* ---- Beforehand ------------------------------------------------------------------------------------------- */

static void learn_stack(void) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
            stack_low = (uint64_t)(uintptr_t)low;
            stack_high = stack_low + size;
        }
        pthread_attr_destroy(&attributes);
    }
}

static void *give_stack(void) {
    void *stack = mmap(NULL, HANDLER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        return NULL;
    stack_t alternate = {.ss_sp = stack, .ss_size = HANDLER_STACK};
    if (sigaltstack(&alternate, NULL) == 0)
        return stack;
    munmap(stack, HANDLER_STACK);
    return NULL;
}

void *crash_prepare_thread(void) {
    learn_stack();
    return give_stack();
}

void crash_leave_thread(void *stack) {
    stack_t none = {.ss_flags = SS_DISABLE};
    if (stack == NULL)
        return;
    sigaltstack(&none, NULL);
    munmap(stack, HANDLER_STACK);
}

void crash_prepare_forks(void) {
    learn_stack();
    frames_prepare();
}

void crash_prepare(void) {
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    worker = getpid();
    frames_begin_at((uint64_t)(uintptr_t)__builtin_frame_address(0));
    mark_worker();
    give_stack();
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigaction(faults[i], &action, NULL);
    sigaction(hang_signal(), &action, NULL);
}
