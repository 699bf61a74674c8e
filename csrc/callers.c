/* callers.c - who called, where the frames of a stack do not tell any more: words on it that look like
 * return addresses, as they lie behind the instruction of a call. Guesses: some are left from calls that
 * have returned. */
#define _GNU_SOURCE
#include "core.h"

#include <link.h>
#include <string.h>

enum { WORD = sizeof(uint64_t), ABOVE = 64 << 10, LONGEST_CALL = 7 };

typedef struct search {
    uint64_t address;
    mh_object *out;
} search;

static int look_in_object(struct dl_phdr_info *object, size_t size, void *data) {
    search *wanted = data;
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uint64_t begin = object->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && wanted->address >= begin &&
            wanted->address < begin + segment->p_memsz) {
            *wanted->out = (mh_object){.bias = object->dlpi_addr,
                                       .begin = begin,
                                       .is_code = (segment->p_flags & PF_X) != 0,
                                       .name = object->dlpi_name};
            return 1;
        }
    }
    return 0;
}

bool mh_object_at(uint64_t address, mh_object *out) {
    search wanted = {address, out};
    *out = (mh_object){0};
    return dl_iterate_phdr(look_in_object, &wanted) != 0;
}

/* Whether a call ends there: its bytes are those before `end`. */
#if defined(__x86_64__)
static bool ends_call(const unsigned char *end, size_t room) {
    if (room >= 5 && end[-5] == 0xE8)
        return true;
    for (size_t size = 2; size <= LONGEST_CALL && size <= room; size++) /* FF /2, through a pointer */
        if (end[-(int)size] == 0xFF && (end[1 - (int)size] >> 3 & 7) == 2)
            return true;
    return false;
}
#elif defined(__aarch64__)
static bool ends_call(const unsigned char *end, size_t room) {
    uint32_t word;
    if (room < sizeof word)
        return false;
    memcpy(&word, end - sizeof word, sizeof word);
    return word >> 26 == 0x25 || (word & 0xFFFFFC1F) == 0xD63F0000; /* BL, BLR */
}
#else
static bool ends_call(const unsigned char *end, size_t room) { return (void)end, room > 0; }
#endif

static bool is_behind_call(uint64_t address) {
    mh_object object;
    if (address <= LONGEST_CALL || !mh_object_at(address - 1, &object) || !object.is_code)
        return false;
    return ends_call((const unsigned char *)(uintptr_t)address, address - object.begin);
}

/* Of whatever frame: between the variables of each, AddressSanitizer lets nobody else read. */
__attribute__((no_sanitize("address"))) static void look_at(uint64_t at, mh_take_caller *take,
                                                            void *context) {
    uint64_t word;
    memcpy(&word, (const void *)(uintptr_t)at, sizeof word);
    if (is_behind_call(word))
        take(context, word);
}

void mh_callers_below(uint64_t sp, uint64_t low, size_t room, mh_take_caller *take,
                      void *context) {
    uint64_t top = sp & ~(uint64_t)(WORD - 1), end = top > room ? top - room : 0;
    for (uint64_t at = top; at >= WORD && at - WORD >= (end > low ? end : low); at -= WORD)
        look_at(at - WORD, take, context);
}

void mh_callers_above(uint64_t sp, uint64_t high, mh_take_caller *take, void *context) {
    uint64_t begin = (sp + WORD - 1) & ~(uint64_t)(WORD - 1), end = begin + ABOVE;
    for (uint64_t at = begin; at + WORD <= (end < high ? end : high); at += WORD)
        look_at(at, take, context);
}
