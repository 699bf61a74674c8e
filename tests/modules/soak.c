/* Counts each message by its id in the file -DRECORD="...", and sends it back. With -DEVERY=n the last of
 * each n messages ends the process, every time in another way; with -DEVERY=0 none does. */
#define _GNU_SOURCE
#include "module.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned char *record;
static size_t size;
#if EVERY
static volatile int *volatile nothing;
static volatile int zero;

__attribute__((noinline)) static int recurse(int depth) {
    volatile char room[1024];
    room[0] = (char)depth;
    return zero ? 0 : recurse(depth + 1) + room[0];
}

__attribute__((noinline)) static int end(unsigned way) {
    char *volatile memory;
    switch (way % 10) {
    case 0: return nothing[0];
    case 1: abort();
    case 2: exit(3);
    case 3: raise(SIGKILL); break;
    case 4: return 77 / zero;
    case 5: __builtin_trap();
    case 6: return recurse(0);
    case 7: free(memory = malloc(8)), free(memory); break;
    case 8: syscall(SYS_exit_group, 4); break;
    case 9: ((void (*)(void))(uintptr_t)nothing)(); break;
    }
    return 0;
}
#endif

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    if (params->id >= size)
        return MESIBO_RESULT_FAIL;
    __atomic_fetch_add(&record[params->id], 1, __ATOMIC_RELAXED);
    mod->send_message(mod, params, message, len);
#if EVERY
    if (params->id % EVERY == EVERY - 1)
        return end((unsigned)(params->id / EVERY)) + MESIBO_RESULT_PASS;
#endif
    return MESIBO_RESULT_PASS;
}

int mesibo_module_soak_init(mesibo_module_t *mod, mesibo_uint_t len) {
    struct stat status;
    int file = open(RECORD, O_RDWR | O_CLOEXEC);
    if (len != sizeof(*mod) || file < 0 || fstat(file, &status) != 0)
        return MESIBO_RESULT_FAIL;
    size = (size_t)status.st_size;
    record = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    mod->on_message = on_message;
    return record != MAP_FAILED ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
