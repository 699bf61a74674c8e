/* memory.c - reading memory that a module names, which need not be there.
 *
 * The first page is read plainly: a module that hands over a wild pointer is beyond help, but one
 * that hands over a right pointer with a wrong length is common, and must not take the host down.
 * From the second page on the kernel does the reading, and stops at what it cannot read. */
#define _GNU_SOURCE
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static size_t page_size(void) {
    static _Atomic size_t size;
    size_t known = atomic_load_explicit(&size, memory_order_relaxed);
    if (known == 0) {
        known = (size_t)sysconf(_SC_PAGESIZE);
        atomic_store_explicit(&size, known, memory_order_relaxed);
    }
    return known;
}

static size_t to_page_end(const void *address) {
    return page_size() - ((uintptr_t)address & (page_size() - 1));
}

/* Where process_vm_readv is forbidden (a seccomp filter): write(2) to a pipe tells a bad address by
 * EFAULT just as well, one byte a page. */
static bool page_is_readable(const void *address) {
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    bool readable = write(ends[1], address, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return readable;
}

static size_t copy_by_pages(char *to, const char *from, size_t len) {
    size_t done = 0;
    while (done < len && page_is_readable(from + done)) {
        size_t step = to_page_end(from + done);
        if (step > len - done)
            step = len - done;
        memcpy(to + done, from + done, step);
        done += step;
    }
    return done;
}

static size_t copy_checked(char *to, const char *from, size_t len) {
    size_t done = 0;
    while (done < len) {
        struct iovec local = {to + done, len - done};
        struct iovec remote = {(void *)(uintptr_t)(from + done), len - done};
        ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
        if (got < 0 && (errno == ENOSYS || errno == EPERM))
            return done + copy_by_pages(to + done, from + done, len - done);
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

size_t mh_copy_in(void *to, const void *from, size_t len) {
    size_t plain = to_page_end(from);
    if (len <= plain) {
        if (len > 0)
            memcpy(to, from, len);
        return len;
    }
    memcpy(to, from, plain);
    return plain + copy_checked((char *)to + plain, (const char *)from + plain, len - plain);
}

long mh_text_len(const char *text, size_t limit) {
    if (text == NULL)
        return 0;
    size_t len = 0;
    size_t step = to_page_end(text);
    for (;;) {
        size_t found = strnlen(text + len, step);
        len += found;
        if (found < step || len >= limit)
            return (long)(len < limit ? len : limit);
        char probe;
        if (copy_checked(&probe, text + len, 1) != 1)
            return -1;
        step = page_size();
    }
}

bool mh_is_readable(const void *address) {
    char probe;
    return copy_checked(&probe, address, 1) == 1;
}

bool mh_is_code(uint64_t address) {
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL)
        return true; /* no /proc: nothing to hold against the module */
    char line[512];
    bool found = false;
    while (!found && fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        char mode[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) == 3)
            found = address >= start && address < end && mode[2] == 'x';
    }
    fclose(maps);
    return found;
}
