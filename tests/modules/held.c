/* Crashes in a function of libc while a thread of its own has the lock of the loader, for two seconds: whoever
 * looks what lies at an address waits as long, as where a machine is busy. */
#define _GNU_SOURCE
#include "module.h"

#include <link.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

static int holding;

static int hold(struct dl_phdr_info *object, size_t size, void *data) {
    struct timespec two = {2, 0};
    __atomic_store_n(&holding, 1, __ATOMIC_RELEASE);
    nanosleep(&two, NULL);
    return 1;
}

static void *look(void *unused) {
    dl_iterate_phdr(hold, NULL);
    return unused;
}

__attribute__((noinline)) static unsigned long length(const char *text) {
    volatile unsigned long found = strlen(text);
    return found + 1;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    const char *volatile nothing = NULL;
    pthread_t thread;
    pthread_create(&thread, NULL, look, NULL);
    while (!__atomic_load_n(&holding, __ATOMIC_ACQUIRE))
        continue;
    return length(nothing) > 0 ? MESIBO_RESULT_CONSUMED : MESIBO_RESULT_FAIL;
}

int mesibo_module_held_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
