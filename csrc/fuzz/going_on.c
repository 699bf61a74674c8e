/* going_on.c - behind an error: who makes up many cases in one process notes the first that each error is
 * seen in, gives that case up, and goes on. Else a bug that every other case meets would hide all others. A
 * process that has seen no other case tells later what of it is true. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

/* The sanitizers call these, where they are theirs. */
void __asan_on_error(void);
void __ubsan_on_report(void);
void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file,
                                     unsigned *line, unsigned *column, char **address)
    __attribute__((weak));
int __asan_get_report_access_type(void) __attribute__((weak));
const char *__asan_get_report_description(void) __attribute__((weak));

enum { PLACES = 1 << 12, MOST_WRITES = 256 };
static uint64_t places[PLACES]; /* that errors were seen at; by what tells them apart */
static uint64_t first; /* of this case, of those that are new; 0: none, or not in the module */
static bool failed, fresh;
static unsigned writes;

static uint64_t add_text(uint64_t number, const char *text) {
    while (text != NULL && *text != '\0')
        number = (number ^ (unsigned char)*text++) * 0x100000001B3u;
    return number;
}

/* An error at a place; those that are nowhere are all new. */
static void note(uint64_t place) {
    size_t at = (size_t)(place * 0x9E3779B97F4A7C15u >> 52);
    failed = true;
    for (size_t i = 0; place != 0 && i < PLACES && places[at] != 0; i++, at = (at + 1) % PLACES)
        if (places[at] == place)
            return;
    if (place != 0)
        places[at] = place;
    if (!fresh)
        first = place;
    fresh = true;
}

static _Unwind_Reason_Code look_at(struct _Unwind_Context *context, void *place) {
    *(uint64_t *)place = fuzz_place((uint64_t)_Unwind_GetIP(context));
    return *(uint64_t *)place != 0 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* The innermost in the module, and what happened there. */
__attribute__((visibility("default"))) void __asan_on_error(void) {
    uint64_t place = 0;
    _Unwind_Backtrace(look_at, &place);
    if (place != 0 && __asan_get_report_description != NULL)
        place = add_text(place, __asan_get_report_description());
    note(place);
    if (__asan_get_report_access_type != NULL && __asan_get_report_access_type() != 0)
        writes++;
}

__attribute__((visibility("default"))) void __ubsan_on_report(void) {
    const char *kind, *message, *file;
    unsigned line = 0, column = 0;
    char *address;
    failed = true;
    if (__ubsan_get_current_report_data == NULL)
        return;
    __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
    note(add_text((uint64_t)line << 32 | column, file) | 1);
}

bool fuzz_failed(void) { return failed; }
uint64_t fuzz_failed_at(void) { return first; }

static sigjmp_buf out;
static volatile sig_atomic_t inside;
static pthread_t runner;

static bool is_inside(void) { return inside && pthread_equal(pthread_self(), runner); }

/* Not where the error is told: the sanitizer has a lock there. */
void fuzz_leave(void) {
    if (failed && is_inside())
        siglongjmp(out, 1);
}

void fuzz_give_up(const char *why) {
    uint64_t place = 0;
    if (!is_inside() || fuzz_asked.threads)
        return;
    _Unwind_Backtrace(look_at, &place);
    note(place != 0 ? add_text(place, why) : 0);
    siglongjmp(out, 1);
}

bool fuzz_note(const char *what, const char *where) {
    if (!is_inside())
        return false;
    note(add_text(add_text(1, what), where) | 1);
    return true;
}

/* ---- Faults ----------------------------------------------------------------------------------------- */

enum { STACK = 1 << 16, NULL_PAGES = 1 << 16 };

static uint64_t place_of(const ucontext_t *context) {
#if defined __x86_64__
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
    return (uint64_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

/* Of an address that no pointer can be the kernel says 0. */
static bool follows_null(const siginfo_t *info) {
    return info->si_code != SI_KERNEL && (uint64_t)(uintptr_t)info->si_addr < NULL_PAGES;
}

/* In the module's own code nobody holds a lock. Elsewhere it may be so: but who follows NULL is most often
 * a function for strings. */
static void fault(int number, siginfo_t *info, void *context) {
    uint64_t place = place_of(context);
    bool is_safe = is_inside() && place != 0 && (fuzz_is_code(place) || follows_null(info));
    if (!is_safe) {
        signal(number, SIG_DFL); /* and again */
        return;
    }
    uint64_t inside_module = fuzz_place(place);
    note(inside_module != 0 ? inside_module : place);
    siglongjmp(out, 1);
}

void fuzz_go_on_behind_faults(void) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE};
    stack_t stack = {.ss_size = STACK,
                     .ss_sp = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                   -1, 0)};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    action.sa_sigaction = fault;
    if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) != 0)
        return;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigaction(faults[i], &action, NULL);
}

/* ---- A case ----------------------------------------------------------------------------------------- */

fuzz_outcome fuzz_try(const fuzz_case *what) {
    failed = fresh = false;
    first = 0;
    runner = pthread_self();
    inside = true;
    if (sigsetjmp(out, 0) == 0) /* no signal is held back: that would be a system call for each case */
        fuzz_live(what);
    else
        fuzz_abandon();
    inside = false;
    if (writes > MOST_WRITES) { /* it is no more what it was */
        fuzz_set_state(FUZZ_SPENT);
        _exit(0);
    }
    return !failed ? FUZZ_SOUND : fresh ? FUZZ_FAILED : FUZZ_FAILED_BEFORE;
}
