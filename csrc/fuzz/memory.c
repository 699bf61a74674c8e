/* memory.c - the data of the module: kept when it was opened, and put back before each case, so that no
 * case sees what another left behind. Not what counts its coverage, which libFuzzer reads. */
#define _GNU_SOURCE
#include "living.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RANGES = 64 };

typedef struct range {
    char *at, *kept, *noted; /* as they were at first; as they were noted, NULL: not yet */
    size_t size;
} range;

static range ranges[RANGES];
static size_t range_count;

/* Not memcpy: the sanitizer would look at what lies between variables. */
void fuzz_copy(char *to, const char *from, size_t size) {
    __asm__ volatile("" : "+r"(to), "+r"(from), "+r"(size));
#if defined __x86_64__
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
#else
    for (; size > 0; size--, to++, from++) {
        *to = *from;
        __asm__ volatile("" ::: "memory");
    }
#endif
}

/* Nor memcmp. */
typedef uint64_t word __attribute__((aligned(1), may_alias));

bool fuzz_is_same(const char *one, const char *other, size_t size) {
    size_t at = 0;
    uint64_t differs = 0;
    for (; at + 4 * sizeof(word) <= size && differs == 0; at += 4 * sizeof(word)) {
        const word *left = (const word *)(const void *)(one + at);
        const word *right = (const word *)(const void *)(other + at);
        differs = (left[0] ^ right[0]) | (left[1] ^ right[1]) | (left[2] ^ right[2]) |
                  (left[3] ^ right[3]);
    }
    for (; at < size; at++)
        differs |= (uint64_t)(one[at] != other[at]);
    return differs == 0;
}

static char *room_for(size_t size) {
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return room != MAP_FAILED ? room : NULL;
}

static bool add(char *at, size_t size) {
    if (size == 0)
        return true;
    char *kept = room_for(size);
    if (kept == NULL || range_count == RANGES)
        return false;
    fuzz_copy(kept, at, size);
    ranges[range_count++] = (range){at, kept, NULL, size};
    return true;
}

typedef struct sections {
    const char *file; /* mapped */
    size_t size;
} sections;

/* Sections that are written to and are none of the module's data: counters, and what was relocated when
 * it was opened and is the same ever after. */
static bool is_data(const char *name) {
    return strncmp(name, "__sancov", 8) != 0 && strncmp(name, "asan_", 5) != 0 &&
           strncmp(name, ".got", 4) != 0 && strcmp(name, ".dynamic") != 0 &&
           strcmp(name, ".data.rel.ro") != 0 && strcmp(name, ".init_array") != 0 &&
           strcmp(name, ".fini_array") != 0;
}

/* Where coverage is counted: what a forked case counts there is to be seen here. The rest of these pages is
 * restored before each case. */
static char *counters, *counters_end;

static void note_counters(const char *name, char *at, size_t size) {
    if (strcmp(name, "__sancov_cntrs") != 0 || size == 0)
        return;
    counters = at;
    counters_end = at + size;
}

bool fuzz_memory_share(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    char *begin = (char *)((uintptr_t)counters / page * page);
    size_t size = (size_t)(counters_end - begin + (ptrdiff_t)page - 1) / page * page;
    if (counters == NULL)
        return true;
    char *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    fuzz_copy(shared, begin, size);
    return mremap(shared, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, begin) != MAP_FAILED;
}

static bool add_sections(const sections *library, uintptr_t base) {
    const ElfW(Ehdr) *header = (const void *)library->file;
    if (library->size < sizeof *header || header->e_shoff == 0 ||
        header->e_shoff + header->e_shnum * sizeof(ElfW(Shdr)) > library->size ||
        header->e_shstrndx >= header->e_shnum)
        return false;
    const ElfW(Shdr) *section = (const void *)(library->file + header->e_shoff);
    const char *names = library->file + section[header->e_shstrndx].sh_offset;
    for (size_t i = 0; i < header->e_shnum; i++, section++) {
        const char *name = names + section->sh_name;
        char *at = (char *)(base + section->sh_addr);
        bool written = section->sh_flags & SHF_WRITE && section->sh_flags & SHF_ALLOC &&
                       !(section->sh_flags & SHF_TLS);
        note_counters(name, at, section->sh_size);
        if (written && is_data(name) && !add(at, section->sh_size))
            return false;
    }
    return true;
}

typedef struct search {
    dev_t device;
    ino_t inode;
    bool found;
    uintptr_t base;
} search;

static int look(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    search *wanted = data;
    struct stat state;
    wanted->found = info->dlpi_name[0] != '\0' && stat(info->dlpi_name, &state) == 0 &&
                    state.st_dev == wanted->device && state.st_ino == wanted->inode;
    wanted->base = info->dlpi_addr;
    return wanted->found;
}

bool fuzz_memory_keep(const char *library) {
    struct stat state;
    int file = open(library, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &state) != 0)
        return false;
    search wanted = {state.st_dev, state.st_ino, false, 0};
    dl_iterate_phdr(look, &wanted);
    size_t size = (size_t)state.st_size;
    void *mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (mapped == MAP_FAILED)
        return false;
    bool kept = wanted.found && add_sections(&(sections){mapped, size}, wanted.base);
    munmap(mapped, size);
    return kept;
}

void fuzz_memory_restore(void) {
    for (size_t i = 0; i < range_count; i++)
        fuzz_copy(ranges[i].at, ranges[i].kept, ranges[i].size);
}

bool fuzz_memory_note(void) {
    for (size_t i = 0; i < range_count; i++) {
        if (ranges[i].noted == NULL && (ranges[i].noted = room_for(ranges[i].size)) == NULL)
            return false;
        fuzz_copy(ranges[i].noted, ranges[i].at, ranges[i].size);
    }
    return true;
}

bool fuzz_memory_is_noted(void) {
    for (size_t i = 0; i < range_count; i++)
        if (!fuzz_is_same(ranges[i].at, ranges[i].noted, ranges[i].size))
            return false;
    return true;
}
