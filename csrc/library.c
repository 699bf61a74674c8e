/* library.c - shared libraries as the dynamic linker sees them.
 *
 * dlopen gives the old mapping for a name or a file that it has seen, even when the file has changed
 * since. So every library that is mapped is remembered with what its file was: a file that was
 * replaced is opened under a name not used yet, one that was overwritten in place is copied first. */
#define _GNU_SOURCE
#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

struct mh_library {
    mh_library *next;
    mh_file file;
    char *path, *opened_as;
    void *handle; /* one reference, for as long as anybody uses it */
    bool pinned;     /* somebody wants it mapped for good */
    int users, copy; /* copy: the descriptor of a private copy, or -1 */
    uint64_t base, code_start, code_end; /* where it is mapped, or was when it was last open */
};

static mh_library *libraries;
static pthread_mutex_t libraries_lock = PTHREAD_MUTEX_INITIALIZER;

/* Whoever forks has the lock, so that the child does not find it taken for good. */
static void lock_libraries(void) { pthread_mutex_lock(&libraries_lock); }
static void unlock_libraries(void) { pthread_mutex_unlock(&libraries_lock); }
__attribute__((constructor)) static void guard_forks(void) {
    pthread_atfork(lock_libraries, unlock_libraries, unlock_libraries);
}

bool mh_file_now(const char *path, mh_file *out) {
    struct stat file;
    if (stat(path, &file) != 0)
        return false;
    *out = (mh_file){file.st_dev, file.st_ino, file.st_size, file.st_mtim.tv_sec,
                     file.st_mtim.tv_nsec};
    return true;
}

static bool same_inode(const mh_file *a, const mh_file *b) {
    return a->device == b->device && a->inode == b->inode;
}

static bool same_file(const mh_file *a, const mh_file *b) {
    return same_inode(a, b) && a->size == b->size && a->seconds == b->seconds &&
           a->nanoseconds == b->nanoseconds;
}

static void free_library(mh_library *library) {
    if (library == NULL)
        return;
    if (library->copy >= 0)
        close(library->copy);
    free(library->path);
    free(library->opened_as);
    free(library);
}

/* ---- Names ---------------------------------------------------------------------------------------- */

static bool name_is_taken(const char *name) {
    for (const mh_library *library = libraries; library != NULL; library = library->next)
        if (strcmp(library->opened_as, name) == 0)
            return true;
    return false;
}

/* The same file under another spelling: /a/b.so, /a/./b.so, /a/././b.so ... */
static char *unused_name(const char *path) {
    const char *base = strrchr(path, '/');
    size_t folder = base == NULL ? 0 : (size_t)(base - path);
    for (size_t dots = 0;; dots++) {
        char *name = malloc(strlen(path) + 2 * dots + 1);
        if (name == NULL)
            return NULL;
        memcpy(name, path, folder);
        for (size_t i = 0; i < dots; i++)
            memcpy(name + folder + 2 * i, "/.", 2);
        strcpy(name + folder + 2 * dots, path + folder);
        if (!name_is_taken(name))
            return name;
        free(name);
    }
}

static bool copy_file(int to, const char *path) {
    int from = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t sent = from < 0 ? -1 : 1;
    while (sent > 0)
        sent = sendfile(to, from, NULL, 1 << 20);
    if (from >= 0)
        close(from);
    return sent == 0;
}

/* A file overwritten in place has the inode of the old mapping; only a copy of it has its own. */
static char *name_of_copy(const char *path, int *copy) {
    const char *base = strrchr(path, '/');
    char *name = NULL;
    *copy = memfd_create(base == NULL ? path : base + 1, MFD_CLOEXEC);
    if (*copy >= 0 && copy_file(*copy, path) &&
        asprintf(&name, "/proc/self/fd/%d", *copy) < 0)
        name = NULL;
    if (name == NULL && *copy >= 0) {
        close(*copy);
        *copy = -1;
    }
    return name;
}

/* ---- Opening and closing --------------------------------------------------------------------------- */

static int find_code(struct dl_phdr_info *info, size_t size, void *data) {
    mh_library *library = data;
    (void)size;
    if (info->dlpi_addr != library->base)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
            library->code_start = info->dlpi_addr + segment->p_vaddr;
            library->code_end = library->code_start + segment->p_memsz;
        }
    }
    return 1;
}

/* Where its code lies: the same file at the same place has it where it was. */
static void locate_code(mh_library *library) {
    const struct link_map *map = NULL;
    if (dlinfo(library->handle, RTLD_DI_LINKMAP, &map) != 0 ||
        (map->l_addr == library->base && library->code_end != 0))
        return;
    library->base = map->l_addr;
    dl_iterate_phdr(find_code, library);
}

/* With the lock held: what is mapped already for this file, or a new entry that is not opened yet. */
static mh_library *entry_for(const char *path, const mh_file *file) {
    bool overwritten = false;
    for (mh_library *library = libraries; library != NULL; library = library->next) {
        if (same_file(&library->file, file))
            return library;
        overwritten |= same_inode(&library->file, file);
    }
    mh_library *library = calloc(1, sizeof *library);
    if (library == NULL)
        return NULL;
    library->copy = -1;
    library->file = *file;
    library->path = strdup(path);
    library->opened_as = overwritten ? name_of_copy(path, &library->copy) : unused_name(path);
    if (library->path == NULL || library->opened_as == NULL) {
        free_library(library);
        return NULL;
    }
    library->next = libraries;
    libraries = library;
    return library;
}

/* With the lock held. */
static void forget(mh_library *library) {
    mh_library **link = &libraries;
    while (*link != library)
        link = &(*link)->next;
    *link = library->next;
    free_library(library);
}

mh_library *mh_library_open(const char *path, const mh_file *file, char *error,
                            size_t error_size) {
    mh_file now;
    if (file == NULL && mh_file_now(path, &now))
        file = &now;
    if (file == NULL) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return NULL;
    }
    pthread_mutex_lock(&libraries_lock);
    mh_library *library = entry_for(path, file);
    if (library != NULL)
        library->users++;
    pthread_mutex_unlock(&libraries_lock);
    if (library == NULL) {
        snprintf(error, error_size, "%s: no memory, or no room for a copy of the file", path);
        return NULL;
    }
    /* Outside of the lock: constructors run here. */
    void *handle = dlopen(library->opened_as, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *words = dlerror();
        snprintf(error, error_size, "%s", words != NULL ? words : "dlopen failed");
    }
    pthread_mutex_lock(&libraries_lock);
    if (handle == NULL) {
        if (--library->users == 0 && library->handle == NULL)
            forget(library);
        library = NULL;
    } else if (library->handle == NULL) {
        library->handle = handle;
        locate_code(library);
    } else {
        dlclose(handle); /* one reference is enough */
    }
    pthread_mutex_unlock(&libraries_lock);
    return library;
}

bool mh_library_is_overwritten(const mh_library *library) {
    mh_file now;
    return library->copy < 0 && mh_file_now(library->path, &now) &&
           same_inode(&now, &library->file) && !same_file(&now, &library->file);
}

void mh_library_close(mh_library *library, bool keep) {
    pthread_mutex_lock(&libraries_lock);
    void *handle = NULL;
    library->pinned |= keep;
    if (--library->users == 0 && !library->pinned) {
        handle = library->handle;
        library->handle = NULL;
        library->users++; /* so that nobody forgets it meanwhile */
    }
    pthread_mutex_unlock(&libraries_lock);
    if (handle == NULL)
        return;
    dlclose(handle); /* outside of the lock: destructors run here */
    pthread_mutex_lock(&libraries_lock);
    if (--library->users == 0 && library->handle == NULL) {
        /* Some libraries cannot be unmapped (unique C++ symbols, -z nodelete): remember those. */
        void *still = dlopen(library->opened_as, RTLD_NOLOAD | RTLD_LAZY);
        if (still == NULL)
            forget(library);
        else
            dlclose(still);
    }
    pthread_mutex_unlock(&libraries_lock);
}

void *mh_library_symbol(mh_library *library, const char *name, char *error, size_t error_size) {
    dlerror();
    void *symbol = dlsym(library->handle, name);
    if (symbol == NULL) {
        const char *words = dlerror();
        snprintf(error, error_size, "%s", words != NULL ? words : "the symbol is NULL");
    }
    return symbol;
}

bool mh_library_has_code(const mh_library *library, uint64_t address) {
    return address >= library->code_start && address < library->code_end;
}
