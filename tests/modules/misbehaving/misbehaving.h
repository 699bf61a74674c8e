/* What the modules of this folder share: each is sound but for what its file says, which it does with every
 * message but "fine". Of doc2019. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <module.h>

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IN_MESSAGE \
    __attribute__((noinline)) static int misbehave( \
        mesibo_module_t *mod, mesibo_message_params_t *params, const char *message, mesibo_uint_t len)

IN_MESSAGE;

static void *volatile nothing;
static volatile int never;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    if (len == 4 && memcmp(message, "fine", 4) == 0)
        return MESIBO_RESULT_PASS;
    int result = misbehave(mod, params, message, len);
    never = 0; /* or the call before is a jump, and has no frame */
    return result;
}

#define JOIN(a, b, c) a##b##c
#define INIT_OF(name) JOIN(mesibo_module_, name, _init)

#ifdef __cplusplus
extern "C"
#endif
__attribute__((visibility("default"))) int INIT_OF(MESIBO_MODULE)(mesibo_module_t *mod,
                                                                  mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "misbehaving";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
