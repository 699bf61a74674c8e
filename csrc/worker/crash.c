/* crash.c - the end of a module, told by the process that it takes with it.
 *
 * A handler writes registers and siginfo into the shared memory first, as everything behind that may fail:
 * the stack may be smashed, the heap be locked. Then it looks for the frames, with the unwinder, and,
 * should that fail or fault, what on the stack looks like a return address. An alarm bounds all of it. */
#define _GNU_SOURCE
#include "worker.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

enum { HANDLER_STACK = 128 << 10, PATIENCE = 1 };
/* For the frames of a recursion: so many, so many nanoseconds. Of a longer one, so many bytes of the stack
 * are looked at, at its other end. */
enum { MOST_WALKED = 256, WALK = 200 * 1000 * 1000, OUTER_ROOM = 16 << 10 };

/* Those behind the faults end a process where nobody handles them; a module may send them to itself. */
static const int faults[] = {SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGABRT, SIGTRAP,   SIGSYS,
                             SIGXCPU, SIGXFSZ, SIGTERM, SIGQUIT, SIGHUP,  SIGALRM,   SIGVTALRM,
                             SIGPROF, SIGUSR1, SIGUSR2, SIGPOLL, SIGINT,  SIGSTKFLT};

static _Thread_local uint64_t stack_low, stack_high; /* of this thread */
static uint64_t turn_stack; /* of the thread that serves turns: callbacks are below */
static _Atomic int claimed;
static sigjmp_buf out_of_unwinder;
static _Atomic int unwinding; /* the thread that may jump there; 0: none */

int hang_signal(void) { return SIGRTMAX; }

/* Cut, and with a NUL. Not strncpy: the compiler fears for that. */
static void copy_text(char *to, size_t size, const char *from) {
    size_t len = strnlen(from, size - 1);
    memcpy(to, from, len);
    to[len] = '\0';
}

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

/* ---- What is kept meanwhile ------------------------------------------------------------------------------ */

static void put_crossing(mh_tracer *tracer, const mh_crossing *crossing) {
    (void)tracer;
    mh_crossings_put(mh_crossings_region(channel), crossing);
}

static bool is_traced_here(const mh_tracer *tracer) {
    (void)tracer;
    return is_worker();
}

mh_tracer *crash_tracer(void) {
    static mh_tracer tracer = {.over = put_crossing, .is_here = is_traced_here};
    mh_crossings *crossings = mh_crossings_region(channel);
    tracer.open = crossings->open;
    tracer.ids = &crossings->ids;
    tracer.dropped = &crossings->dropped;
    tracer.process = worker;
    mh_tracing = true;
    return &tracer;
}

void note_line(const char *text, size_t len) {
    if (!is_worker())
        return;
    mh_crash *crash = &channel->crash;
    char *line =
        crash->lines[__atomic_fetch_add(&crash->line_count, 1, __ATOMIC_RELAXED) % MH_LAST_LINES];
    if (len > MH_LINE_ROOM - 1)
        len = MH_LINE_ROOM - 1;
    memcpy(line, text, len);
    line[len] = '\0';
}

/* ---- Objects -------------------------------------------------------------------------------------------- */

static bool is_code(uint64_t address) {
    mh_object found;
    return mh_object_at(address, &found) && found.is_code;
}

static int32_t number_of_object(mh_crash *crash, const char *name) {
    char self[MH_OBJECT_PATH];
    if (name[0] == '\0') {
        ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
        self[len > 0 ? len : 0] = '\0';
        name = self;
    }
    uint32_t i = 0;
    while (i < crash->object_count && strcmp(crash->objects[i], name) != 0)
        i++;
    if (i == MH_OBJECTS)
        return -1;
    if (i == crash->object_count) {
        copy_text(crash->objects[i], MH_OBJECT_PATH, name);
        crash->object_count++;
    }
    return (int32_t)i;
}

static mh_crash_frame frame_at(mh_crash *crash, uint64_t address) {
    mh_object found;
    mh_crash_frame frame = {.address = address, .object = -1};
    if (mh_object_at(address, &found)) {
        frame.object = number_of_object(crash, found.name);
        frame.offset = address - found.bias;
    }
    return frame;
}

/* Where all are taken, the outermost ones in turn. In which object each is, is looked up behind that. */
static void add_frame(mh_crash *crash, uint64_t address) {
    enum { OUTERMOST = MH_FRAMES - MH_INNERMOST };
    uint64_t nth = crash->frame_count + crash->left_out;
    uint64_t at = nth < MH_FRAMES ? nth : MH_INNERMOST + (nth - MH_INNERMOST) % OUTERMOST;
    crash->frames[at] = (mh_crash_frame){.address = address, .object = -1};
    if (nth < MH_FRAMES)
        crash->frame_count++;
    else
        crash->left_out++;
}

/* The outermost ones in their order. */
static void turn_frames(mh_crash *crash) {
    enum { OUTERMOST = MH_FRAMES - MH_INNERMOST };
    uint64_t turned[OUTERMOST], first = crash->left_out % OUTERMOST;
    mh_crash_frame *outermost = &crash->frames[MH_INNERMOST];
    for (uint64_t i = 0; i < OUTERMOST; i++)
        turned[i] = outermost[(first + i) % OUTERMOST].address;
    for (uint64_t i = 0; i < OUTERMOST; i++)
        outermost[i].address = turned[i];
}

/* `cut`: the walk did not come to its end. */
static void finish_frames(mh_crash *crash, bool cut) {
    if (crash->left_out > 0 && cut) { /* the last ones are none of the outermost */
        crash->left_out += crash->frame_count - MH_INNERMOST;
        crash->frame_count = MH_INNERMOST;
    } else if (crash->left_out > 0) {
        turn_frames(crash);
    }
    for (uint32_t i = 0; i < crash->frame_count; i++)
        crash->frames[i] = frame_at(crash, crash->frames[i].address);
}

static void add_found(void *context, uint64_t address) {
    mh_crash *crash = context;
    if (crash->found_count < MH_FRAMES)
        crash->found[crash->found_count++] = frame_at(crash, address - 1);
}

/* ---- Frames --------------------------------------------------------------------------------------------- */

typedef struct walk {
    mh_crash *crash;
    uint64_t begin; /* frames before this address are the handler's own; 0: none are */
    bool begun, cut;
    uint32_t steps;
    uint64_t end; /* when it is to end */
} walk;

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *data) {
    walk *walk = data;
    int exact = 0;
    uint64_t address = _Unwind_GetIPInfo(context, &exact);
    if (address == 0)
        return _URC_END_OF_STACK;
    walk->begun = walk->begun || address == walk->begin;
    if (walk->begun) /* a return address is behind the call that it belongs to */
        add_frame(walk->crash, exact || address == walk->begin ? address : address - 1);
    walk->cut = ++walk->steps == MOST_WALKED || (walk->steps % 256 == 0 && mh_now() > walk->end);
    return walk->cut ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* The frames above `begin` (0: above the caller). A fault in the unwinder comes back here. */
static void walk_frames(mh_crash *crash, uint64_t begin) {
    walk walk = {.crash = crash, .begin = begin, .begun = begin == 0, .end = mh_now() + WALK};
    if (sigsetjmp(out_of_unwinder, 1) == 0) {
        unwinding = gettid();
        _Unwind_Backtrace(take_frame, &walk);
    }
    unwinding = 0;
    finish_frames(crash, walk.cut);
}

/* Whether it came to who called the module: this program, behind what is not. */
static bool is_whole(const mh_crash *crash) {
    mh_object object;
    bool outside = false;
    for (uint32_t i = 0; i < crash->frame_count; i++) {
        bool is_ours = mh_object_at(crash->frames[i].address, &object) && object.name[0] == '\0';
        if (outside && is_ours)
            return true;
        outside = outside || !is_ours;
    }
    return false;
}

static bool is_cut(const mh_crash *crash) {
    return crash->left_out > 0 && crash->frame_count == MH_INNERMOST;
}

/* Better than nothing, where the frames are gone: first what is left of the last calls, below the stack,
 * and then who may have called. Where they are too many: who began, from the outermost on. */
static void look_for_callers(mh_crash *crash) {
    bool is_off = crash->sp < crash->stack_low || crash->sp >= crash->stack_high;
    if (sigsetjmp(out_of_unwinder, 1) == 0) {
        unwinding = gettid();
        if (is_cut(crash)) {
            uint64_t begin = is_turn_thread ? turn_stack : crash->stack_high;
            mh_callers_below(begin, crash->stack_low, OUTER_ROOM, add_found, crash);
        } else if (!is_whole(crash) && !is_off) {
            crash->entry = frame_at(crash, is_turn_thread ? serve_callback(crash->event) : 0);
            mh_callers_below(crash->sp, crash->stack_low, MH_ROOM_LEFT, add_found, crash);
            mh_callers_above(crash->sp, crash->stack_high, add_found, crash);
        }
    }
    unwinding = 0;
}

/* ---- What the machine says -------------------------------------------------------------------------------- */

#if defined(__x86_64__)
static void take_registers(mh_crash *crash, const ucontext_t *context) {
    const greg_t *registers = context->uc_mcontext.gregs;
    crash->register_count = REG_RIP + 1;
    for (int i = 0; i <= REG_RIP; i++)
        crash->registers[i] = (uint64_t)registers[i];
    crash->pc = (uint64_t)registers[REG_RIP];
    crash->sp = (uint64_t)registers[REG_RSP];
    crash->writes = registers[REG_TRAPNO] == 14 && (registers[REG_ERR] & 2) != 0;
}

/* A jump to where no code is: on with the frame of who jumped. Returns its address. */
static uint64_t leave_wild_frame(ucontext_t *context) {
    greg_t *registers = context->uc_mcontext.gregs;
    uint64_t address;
    memcpy(&address, (const void *)(uintptr_t)registers[REG_RSP], sizeof address);
    registers[REG_RSP] += 8;
    registers[REG_RIP] = (greg_t)(address - 1);
    return address - 1;
}
#elif defined(__aarch64__)
static void take_registers(mh_crash *crash, const ucontext_t *context) {
    const mcontext_t *machine = &context->uc_mcontext;
    crash->register_count = 33;
    memcpy(crash->registers, machine->regs, 31 * sizeof(uint64_t));
    crash->registers[31] = crash->sp = machine->sp;
    crash->registers[32] = crash->pc = machine->pc;
}

static uint64_t leave_wild_frame(ucontext_t *context) {
    context->uc_mcontext.pc = context->uc_mcontext.regs[30] - 4;
    return context->uc_mcontext.pc;
}
#else
#error "crash reports are written for x86-64 and aarch64; add how this machine keeps its registers"
#endif

static void take_frames(mh_crash *crash, ucontext_t *context) {
    uint64_t begin = crash->pc;
    if (!is_code(begin)) {
        add_frame(crash, begin);
        finish_frames(crash, false);
        if (crash->sp < crash->stack_low || crash->sp >= crash->stack_high)
            return;
        begin = leave_wild_frame(context);
        if (!is_code(begin))
            return;
    }
    walk_frames(crash, begin);
}

static const char CPP_LIBRARY[] = "/libstdc++.so";
static void **(*current_exception)(void); /* of that; NULL: it is not there */

/* Where it is, if it is: dlopen would search the machine for it. */
static int look_for_cpp(struct dl_phdr_info *object, size_t size, void *data) {
    (void)size;
    if (strstr(object->dlpi_name, CPP_LIBRARY) == NULL)
        return 0;
    *(const char **)data = object->dlpi_name;
    return 1;
}

void crash_prepare_exceptions(void) {
    const char *path = NULL;
    void *(*globals)(void) = NULL;
    dl_iterate_phdr(look_for_cpp, &path);
    void *library = path != NULL ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : NULL;
    if (library == NULL)
        return;
    *(void **)&current_exception = dlsym(library, "__cxa_current_exception_type");
    *(void **)&globals = dlsym(library, "__cxa_get_globals");
    if (globals != NULL)
        globals();
}

/* The name of the type that std::terminate was called for, which is among the frames then. */
static void take_exception(mh_crash *crash) {
    bool is_terminated = false;
    for (uint32_t i = 0; i < crash->object_count; i++)
        is_terminated = is_terminated || strstr(crash->objects[i], CPP_LIBRARY) != NULL;
    if (is_terminated && current_exception == NULL) /* it came later than that, or in the init */
        crash_prepare_exceptions();
    void **type = is_terminated && current_exception != NULL ? current_exception() : NULL;
    if (type != NULL) /* std::type_info: its table, then the name */
        copy_text(crash->exception, sizeof crash->exception, type[1]);
}

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

static void bound_time(void) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGALRM);
    signal(SIGALRM, SIG_DFL);
    alarm(PATIENCE);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static _Noreturn void end(int code) {
    for (;;)
        syscall(SYS_exit_group, code);
}

/* ---- A debugger, where one is wanted ----------------------------------------------------------------------- */

static bool has_debugger(void) {
    static const char field[] = "TracerPid:\t";
    char text[4096];
    int file = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, text, sizeof text - 1) : 0;
    if (file >= 0)
        close(file);
    text[size > 0 ? size : 0] = '\0';
    const char *found = strstr(text, field);
    return found != NULL && found[sizeof field - 1] != '0';
}

/* Tells the host, and waits until a debugger has this thread, or the host does not want one (false). */
static bool stop_for_debugger(void) {
    struct timespec moment = {0, 2000000};
    if (!channel->stops)
        return false;
    alarm(0);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    channel->stopped_thread = gettid();
    atomic_store(&channel->stopped, worker);
    mh_bell_ring(&channel->outside);
    while (!has_debugger() && mh_is_stopped(channel))
        nanosleep(&moment, NULL);
    return has_debugger();
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

static void on_signal(int number, siginfo_t *info, void *context) {
    int error = errno;
    if (unwinding == gettid())
        siglongjmp(out_of_unwinder, 1);
    if (!is_worker_process()) { /* a child of the module's: as if nobody had looked */
        signal(number, SIG_DFL);
        if (!comes_again(number, info))
            raise(number);
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
    take_registers(crash, context);
    bound_time();
    crash->stage = 1;
    ucontext_t at_fault = *(const ucontext_t *)context;
    take_frames(crash, context);
    look_for_callers(crash);
    crash->stage = 2;
    if (number == SIGABRT)
        take_exception(crash);
    if (!stop_for_debugger())
        end(128 + number);
    *(ucontext_t *)context = at_fault; /* a wild frame was left there */
    hand_over(number, info);
}

static _Noreturn void crash_exit(int code) {
    mh_crash *crash = claim(MH_END_EXIT, limits_behind(errno));
    crash->code = code;
    bound_time();
    crash->stage = 1;
    walk_frames(crash, 0);
    crash->stage = 2;
    if (stop_for_debugger()) {
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

static _Unwind_Reason_Code stop_at_once(struct _Unwind_Context *context, void *data) {
    (void)context, (void)data;
    return _URC_END_OF_STACK;
}

void crash_prepare_forks(void) {
    learn_stack();
    _Unwind_Backtrace(stop_at_once, NULL); /* what it loads the first time, now */
}

void crash_prepare(void) {
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    worker = getpid();
    turn_stack = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    mark_worker();
    give_stack();
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigaction(faults[i], &action, NULL);
    sigaction(hang_signal(), &action, NULL);
}
