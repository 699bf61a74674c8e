/* For modules that misbehave outside of their messages: they pass those. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <module.h>

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *volatile nothing;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    (void)mod, (void)params, (void)message, (void)len;
    return MESIBO_RESULT_PASS;
}

#define JOIN(a, b, c) a##b##c
#define INIT_OF(name) JOIN(mesibo_module_, name, _init)
#define INIT \
    __attribute__((visibility("default"))) int INIT_OF(MESIBO_MODULE)(mesibo_module_t *mod, \
                                                                      mesibo_uint_t len)

/* As an init begins. */
#define BEGIN_INIT() \
    do { \
        if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE) \
            return MESIBO_RESULT_FAIL; \
        mod->on_message = on_message; \
    } while (0)
