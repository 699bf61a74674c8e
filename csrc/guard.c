/* guard.c - memory between pages that nobody may touch, for what a module on trial is handed.
 *
 * A file without a name, mapped twice: the module's view, which may be read-only and lies between two
 * such pages, and the host's own, through which it fills it and looks at it afterwards. */
#define _GNU_SOURCE
#include "core.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const unsigned char PATTERN = 0xA5;
enum { GUARD = 64 * 1024 }; /* on each side: a stride or two too far is still in there */

static size_t pages_for(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page;
}

static size_t room_for(size_t len, mh_place place) {
    size_t page = pages_for(1), size = pages_for(len > 0 ? len : 1);
    return place == MH_ROOMY ? size + 2 * page : size;
}

/* Both views of a new file; false: no memory, and nothing is mapped. */
static bool map(mh_guarded *guarded, int protection) {
    size_t size = guarded->size, span = size + 2 * GUARD;
    int file = memfd_create("mesibo_abi guarded", MFD_CLOEXEC);
    char *low = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *alias = MAP_FAILED;
    bool mapped = file >= 0 && low != MAP_FAILED && ftruncate(file, (off_t)size) == 0;
    if (mapped)
        alias = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    mapped = mapped && alias != MAP_FAILED &&
             mmap(low + GUARD, size, protection, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED;
    if (file >= 0)
        close(file);
    if (!mapped && alias != MAP_FAILED)
        munmap(alias, size);
    if (!mapped && low != MAP_FAILED)
        munmap(low, span);
    if (!mapped)
        return false;
    guarded->view = low + GUARD;
    guarded->alias = alias;
    return true;
}

static unsigned char slack_of(const mh_guarded *guarded) {
    return guarded->place == MH_ROOMY ? 0 : PATTERN;
}

mh_guarded *mh_guarded_new(const char *name, const void *bytes, size_t len, mh_place place,
                           bool read_only) {
    mh_guarded *guarded = calloc(1, sizeof *guarded);
    if (guarded == NULL)
        return NULL;
    guarded->place = place;
    guarded->size = room_for(len, place);
    if (!map(guarded, read_only ? PROT_READ : PROT_READ | PROT_WRITE)) {
        free(guarded);
        return NULL;
    }
    guarded->offset = place == MH_AT_START ? 0
                      : place == MH_AT_END ? guarded->size - len
                                           : pages_for(1);
    memset(guarded->alias, slack_of(guarded), guarded->size);
    if (bytes != NULL)
        memcpy(guarded->alias + guarded->offset, bytes, len);
    else
        memset(guarded->alias + guarded->offset, 0, len);
    guarded->area = (mh_area){.name = name,
                              .start = (uint64_t)(uintptr_t)mh_guarded_at(guarded),
                              .size = len,
                              .low = (uint64_t)(uintptr_t)(guarded->view - GUARD),
                              .high = (uint64_t)(uintptr_t)(guarded->view + guarded->size + GUARD),
                              .read_only = read_only};
    return guarded;
}

void mh_guarded_seal(mh_guarded *guarded) {
    guarded->area.sealed = mprotect(guarded->view, guarded->size, PROT_NONE) == 0;
}

/* The first byte from `begin` on that is another; `end`: there is none. Most often all are equal, which
 * memcmp tells fastest. */
static size_t first_other(const char *bytes, size_t begin, size_t end, unsigned char byte) {
    if (begin < end && (unsigned char)bytes[begin] == byte &&
        memcmp(bytes + begin, bytes + begin + 1, end - begin - 1) == 0)
        return end;
    while (begin < end && (unsigned char)bytes[begin] == byte)
        begin++;
    return begin;
}

bool mh_guarded_spill(const mh_guarded *guarded, mh_spill *out) {
    unsigned char slack = slack_of(guarded);
    size_t begin = guarded->offset, end = begin + guarded->area.size;
    size_t at = first_other(guarded->alias, 0, begin, slack);
    if (at == begin)
        at = first_other(guarded->alias, end, guarded->size, slack);
    if (at == guarded->size)
        return false;
    *out = (mh_spill){guarded->area.name, (int64_t)at - (int64_t)begin,
                      (uint8_t)guarded->alias[at]};
    return true;
}

void mh_guarded_free(mh_guarded *guarded) {
    if (guarded == NULL)
        return;
    munmap(guarded->view - GUARD, guarded->size + 2 * GUARD);
    munmap(guarded->alias, guarded->size);
    free(guarded);
}
