/* formats.c - what a format reads and writes that a module gives, of a line to log or to a function of its
 * libc. AddressSanitizer looks at the texts of these, but not where their precision is an argument (`%.*s`):
 * which is how a module logs a message. The module is linked so that what formats a text comes here. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The sanitizer's; NULL where it is another. */
void *__asan_region_is_poisoned(void *at, size_t size) __attribute__((weak));
void __asan_report_load_n(void *at, size_t size) __attribute__((weak));

/* ---- Counts that are written ---------------------------------------------------------------------------- */

static bool is_writable(const void *address) {
    uint64_t wanted = (uint64_t)(uintptr_t)address;
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    bool found = false;
    while (!found && maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        char mode[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) == 3)
            found = wanted >= start && wanted < end && mode[1] == 'w';
    }
    if (maps != NULL)
        fclose(maps);
    return found;
}

/* Whether it has a %n, with whatever stands between the two. */
static bool wants_count(const char *format) {
    size_t len = strlen(format); /* the sanitizer's looks at all of it */
    for (size_t at = 0; at < len; at++) {
        if (format[at] != '%')
            continue;
        at += 1 + strspn(format + at + 1, "0123456789.*$-+ #'hlLqjztI");
        if (format[at] == 'n')
            return true;
    }
    return false;
}

/* No line that is logged wants that: what does, and is no constant of the module, came in from outside. */
static void look_at_counts(const char *format) {
    if (wants_count(format) && is_writable(format))
        fuzz_report("format-string", "what came in from outside is the format of a log line: %s",
                    format);
}

/* ---- Texts that are read -------------------------------------------------------------------------------- */

enum { PIECE = 1 << 12, LONGEST = 1 << 24 };

/* To its NUL, or to where its precision ends. */
static void look_at_text(const char *text, size_t most) {
    for (size_t at = 0; text != NULL && at < most; at += PIECE) {
        size_t size = most - at < PIECE ? most - at : PIECE;
        char *bad = __asan_region_is_poisoned((char *)(uintptr_t)text + at, size);
        size_t sound = bad != NULL ? (size_t)(bad - (text + at)) : size;
        if (memchr(text + at, '\0', sound) != NULL)
            return;
        if (bad != NULL) {
            __asan_report_load_n(bad, 1);
            return;
        }
    }
}

typedef struct conversion {
    int precision; /* -1: there is none */
    bool is_given; /* by an argument */
    size_t longs;  /* how many l; those of 64 bits are one at least */
    bool is_long_double;
    char kind;
} conversion;

/* Behind a %. False: it numbers its arguments, or is none. */
static bool read_conversion(const char **format, va_list *args, conversion *out) {
    const char *at = *format + strspn(*format, "-+ #0'I");
    *out = (conversion){.precision = -1};
    if (*at == '*') {
        (void)va_arg(*args, int);
        at++;
    } else
        at += strspn(at, "0123456789");
    if (*at == '$')
        return false;
    if (*at == '.') {
        at++;
        out->is_given = *at == '*';
        if (out->is_given) {
            out->precision = va_arg(*args, int);
            at++;
        } else
            at += strspn(at, "0123456789");
    }
    for (; *at != '\0' && strchr("hlLqjztZ", *at) != NULL; at++) {
        out->longs += *at != 'h';
        out->is_long_double |= *at == 'L';
    }
    out->kind = *at;
    *format = at + (*at != '\0');
    return *at != '\0';
}

/* False: nobody knows how large its argument is. */
static bool take(const conversion *what, va_list *args) {
    switch (what->kind) {
    case '%':
    case 'm': return true;
    case 'd': case 'i': case 'o': case 'u': case 'x': case 'X': case 'c': case 'C':
        if (what->longs > 0 && what->kind != 'c')
            (void)va_arg(*args, int64_t);
        else
            (void)va_arg(*args, int);
        return true;
    case 'a': case 'A': case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
        if (what->is_long_double)
            (void)va_arg(*args, long double);
        else
            (void)va_arg(*args, double);
        return true;
    case 's': {
        const char *text = va_arg(*args, const char *);
        size_t most = what->precision < 0 ? LONGEST : (size_t)what->precision;
        if (what->longs == 0 && what->is_given) /* the others the sanitizer looks at */
            look_at_text(text, most);
        return true;
    }
    case 'S': case 'p': case 'n': (void)va_arg(*args, void *); return true;
    default: return false;
    }
}

static void look_at_texts(const char *format, va_list *args) {
    conversion next;
    if (__asan_region_is_poisoned == NULL || __asan_report_load_n == NULL)
        return;
    while ((format = strchr(format, '%')) != NULL) {
        format++;
        if (!read_conversion(&format, args, &next) || !take(&next, args))
            return;
    }
}

void fuzz_look_at_format(const char *format, va_list *args) {
    look_at_counts(format);
    look_at_texts(format, args);
}

/* ---- Functions of libc ---------------------------------------------------------------------------------- */

/* Its own look at the format is the sanitizer's: that may be a constant, which it tells by itself. */
static void look(const char *format, va_list args) {
    va_list copy;
    va_copy(copy, args);
    look_at_texts(format, &copy);
    va_end(copy);
}

#define EXPORTED __attribute__((visibility("default")))
#define FORMATS(name, call, ...) \
    EXPORTED int __wrap_##name(__VA_ARGS__, ...); \
    EXPORTED int __wrap_##name(__VA_ARGS__, ...) { \
        va_list args; \
        va_start(args, format); \
        look(format, args); \
        int size = call; \
        va_end(args); \
        return size; \
    } \
    EXPORTED int __wrap_v##name(__VA_ARGS__, va_list args); \
    EXPORTED int __wrap_v##name(__VA_ARGS__, va_list args) { \
        look(format, args); \
        return call; \
    }
FORMATS(printf, vprintf(format, args), const char *format)
FORMATS(fprintf, vfprintf(to, format, args), FILE *to, const char *format)
FORMATS(dprintf, vdprintf(to, format, args), int to, const char *format)
FORMATS(sprintf, vsprintf(to, format, args), char *to, const char *format)
FORMATS(snprintf, vsnprintf(to, most, format, args), char *to, size_t most, const char *format)
FORMATS(asprintf, vasprintf(to, format, args), char **to, const char *format)
