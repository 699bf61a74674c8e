/* frames.c - who does something: the frames of the module on the stack of the calling thread. */
#define _GNU_SOURCE
#include "probe.h"

#include <execinfo.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH = 48, STACKS = 4096 };

extern char __executable_start, etext; /* the linker's: the code of this program */

static const char *library;
static _Atomic uintptr_t low, high, base; /* where it is mapped; 0: nowhere that is known */
static stack stacks[STACKS];
static _Atomic size_t used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int find_library(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size, (void)data;
    if (info->dlpi_name == NULL || strcmp(info->dlpi_name, library) != 0)
        return 0;
    uintptr_t end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD &&
            info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz > end)
            end = info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
    base = info->dlpi_addr;
    high = info->dlpi_addr + end;
    low = info->dlpi_addr;
    return 1;
}

void frames_of(const char *path) {
    library = path;
    frames_forget();
}

void frames_forget(void) { low = high = base = 0; }

static bool is_ours(uintptr_t address) {
    return address >= (uintptr_t)&__executable_start && address < (uintptr_t)&etext;
}

bool frames_are_ours(const void *address) { return is_ours((uintptr_t)address); }

/* The first ones are those of what interposes. */
size_t frames_here(uintptr_t out[FRAMES], bool through) {
    void *found[DEPTH];
    int depth = backtrace(found, DEPTH);
    size_t count = 0;
    if (low == 0 && library != NULL)
        dl_iterate_phdr(find_library, NULL);
    int first = 0;
    while (first < depth && is_ours((uintptr_t)found[first]))
        first++;
    for (int i = first; i < depth && count < FRAMES; i++) {
        uintptr_t address = (uintptr_t)found[i];
        if (address >= low && address < high)
            out[count++] = address - base;
        else if (is_ours(address) && !through)
            break;
    }
    return count;
}

stack *stack_here(bool through) {
    uintptr_t frames[FRAMES];
    size_t count = frames_here(frames, through);
    if (count == 0)
        return NULL;
    pthread_mutex_lock(&lock);
    size_t at = 0;
    while (at < used && (stacks[at].count != count ||
                         memcmp(stacks[at].frames, frames, count * sizeof *frames) != 0))
        at++;
    if (at < STACKS && at == used) {
        stacks[at].count = (uint32_t)count;
        memcpy(stacks[at].frames, frames, count * sizeof *frames);
        used++;
    }
    pthread_mutex_unlock(&lock);
    return at < STACKS ? &stacks[at] : NULL;
}

size_t stack_number(const stack *stack) { return (size_t)(stack - stacks); }
size_t stack_count(void) { return used; }
stack *stack_at(size_t number) { return &stacks[number]; }

void frames_write(int file, const char *word, size_t number, const uintptr_t *frames, size_t count) {
    char line[64 + FRAMES * 20];
    int len = snprintf(line, sizeof line, "%s %zu", word, number);
    for (size_t i = 0; i < count; i++)
        len += snprintf(line + len, sizeof line - (size_t)len, " %zu", (size_t)frames[i]);
    line[len++] = '\n';
    ssize_t written = write(file, line, (size_t)len);
    (void)written;
}
