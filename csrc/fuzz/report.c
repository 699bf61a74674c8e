/* report.c - what the program itself finds, told as the sanitizers tell theirs. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The sanitizers'; NULL where they are not. */
void __sanitizer_print_stack_trace(void) __attribute__((weak));
void __sanitizer_set_report_fd(void *file) __attribute__((weak));
void *__asan_region_is_poisoned(void *at, size_t size) __attribute__((weak));
void __asan_report_load_n(void *at, size_t size) __attribute__((weak));

static int report_file = STDERR_FILENO;

void fuzz_report_to(int file) {
    report_file = file;
    if (__sanitizer_set_report_fd != NULL)
        __sanitizer_set_report_fd((void *)(intptr_t)file);
}

_Noreturn void fuzz_report(const char *kind, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    dprintf(report_file, "==%d==ERROR: mesibo-abi: %s: %s\n", (int)getpid(), kind, text);
    if (__sanitizer_print_stack_trace != NULL)
        __sanitizer_print_stack_trace();
    abort();
}

/* ---- What a module gives to host functions ---------------------------------------------------------- */

static void look_at_bytes(const void *bytes, uint64_t len) {
    if (len == 0 || bytes == NULL || __asan_region_is_poisoned == NULL)
        return;
    if ((uint64_t)(uintptr_t)bytes + len < len || len > UINT32_MAX)
        fuzz_report("too-long", "a length of %llu for bytes that are given to the host",
                    (unsigned long long)len);
    void *bad = __asan_region_is_poisoned((void *)(uintptr_t)bytes, (size_t)len);
    if (bad != NULL)
        __asan_report_load_n(bad, 1);
}

bool fuzz_witness(void *context, mh_instance *from, const mh_given *given) {
    (void)context, (void)from;
    switch (given->kind) {
    case MH_GIVEN_MESSAGE:
    case MH_GIVEN_BYTES:
    case MH_GIVEN_JSON: look_at_bytes(given->bytes, given->len); break;
    case MH_GIVEN_FORMAT: fuzz_look_at_format(given->bytes, given->args); break;
    case MH_GIVEN_ITEM: fuzz_learn_item(given->bytes); break;
    case MH_GIVEN_REQUEST:
        fuzz_learnt->asks_network = true;
        if (given->what->kind == MH_FCGI)
            look_at_bytes(given->what->fcgi.body, given->what->fcgi.body_len);
        break;
    case MH_GIVEN_REFUSED: break;
    }
    return true;
}
