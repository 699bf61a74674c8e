/* guard.c - what a module is lent for a call ends where its memory does: reading or writing past it is a
 * fault, at the very address, and not a value that happens to lie there. In a bare worker it may not be
 * touched at all when the call is over; among many messages, where that would cost more than they do, it is
 * written over. */
#define _GNU_SOURCE
#include "worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool guard_bare, loan_many;

enum {
    LEAST = 64 << 10,
    LARGE = 2 << 20,
    KEPT = 1 << 20, /* bytes of a part that is used again */
    POISON = 0xA5,
    LOANS = 8       /* as long a bare worker knows who touches what is over */
};

static loan loans[LOANS];

static void let_go(loan_part *part) {
    if (part->base != NULL)
        munmap(part->base, part->size + (size_t)sysconf(_SC_PAGESIZE));
    *part = (loan_part){0};
}

static bool make_room(loan_part *part, size_t wanted) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = wanted < LEAST ? LEAST : (wanted + page - 1) & ~(page - 1);
    let_go(part);
    char *base =
        mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return false;
    /* Shared, so that the kernel does not join the two where that is sealed. */
    if (mmap(base + size, page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
        MAP_FAILED) {
        munmap(base, size + page);
        return false;
    }
    if (size >= LARGE) /* else a new worker takes longer for its pages than for the message */
        madvise(base, size, MADV_HUGEPAGE);
    part->base = base;
    part->size = size;
    return true;
}

loan *loan_begin(void) {
    static size_t turn;
    for (size_t i = 0; i < LOANS; i++) {
        loan *found = &loans[guard_bare ? turn++ % LOANS : i];
        if (!found->busy) {
            found->busy = true;
            return found;
        }
    }
    loan *more = calloc(1, sizeof *more); /* of so many calls inside of each other */
    if (more != NULL)
        more->busy = more->passing = true;
    return more;
}

/* Its place, of `size` bytes; NULL: no memory. */
static char *place(loan_part *part, size_t len, size_t size) {
    if (part->sealed && mprotect(part->base, part->size, PROT_READ | PROT_WRITE) != 0)
        return NULL;
    part->sealed = false;
    if ((part->base == NULL || size > part->size) && !make_room(part, size))
        return NULL;
    part->at = part->base + part->size - size;
    part->len = len;
    return part->at;
}

char *loan_data(loan *loan, const char *data, size_t len) {
    char *placed = place(&loan->parts[MH_LENT_DATA], len, guard_bare ? len : len + 1);
    if (placed == NULL)
        return NULL;
    memcpy(placed, data, len);
    if (!guard_bare)
        placed[len] = '\0';
    return placed;
}

char *loan_text(loan *loan, mh_lent what, const char *text, size_t len) {
    char *placed = place(&loan->parts[what], len, len + 1);
    if (placed == NULL)
        return NULL;
    memcpy(placed, text, len);
    placed[len] = '\0';
    return placed;
}

void *loan_struct(loan *loan, size_t size) { return place(&loan->parts[MH_LENT_PARAMS], size, size); }

void loan_end(loan *loan) {
    for (size_t i = 0; i < MH_LENT_PARTS; i++) {
        loan_part *part = &loan->parts[i];
        bool is_outermost = loan == &loans[0];
        if (loan->passing || part->size > KEPT || !(guard_bare || is_outermost))
            let_go(part);
        else if (guard_bare && part->at != NULL && loan_many && !part->sealed)
            memset(part->at, POISON, part->len);
        else if (guard_bare && part->base != NULL && !part->sealed)
            part->sealed = mprotect(part->base, part->size, PROT_NONE) == 0;
    }
    loan->busy = false;
    if (loan->passing)
        free(loan);
}

void loan_at(uint64_t address, mh_crash *crash) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < LOANS * MH_LENT_PARTS; i++) {
        const loan_part *part = &loans[i / MH_LENT_PARTS].parts[i % MH_LENT_PARTS];
        uint64_t begin = (uint64_t)(uintptr_t)part->base;
        if (part->base == NULL || address < begin || address >= begin + part->size + page)
            continue;
        crash->lent = (uint8_t)(i % MH_LENT_PARTS);
        crash->is_over = part->sealed;
        crash->message = (uint64_t)(uintptr_t)part->at;
        crash->message_size = part->len;
    }
}
