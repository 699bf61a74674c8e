/* Calls itself without an end where a message begins with d, through start; writes to NULL in functions that
 * the compiler inlines where it begins with i. */
#include "module.h"

#if defined(__clang__)
#define KEPT __attribute__((noinline))
#else
#define KEPT __attribute__((noinline, noclone))
#endif

#ifndef SIZE
#define SIZE 10000 /* so that a stack has some hundreds of them, and no more */
#endif

static volatile int deep = 1;

KEPT static int dig(volatile int *from) {
    volatile int mine[SIZE] = {*from + 1};
    return deep ? dig(mine) + mine[0] : mine[0];
}

KEPT static int start(void) {
    volatile int first = 0;
    return dig(&first) + first;
}

__attribute__((always_inline)) static inline void inner(volatile int *at) {
    *at = 1; /* INNER */
}

__attribute__((always_inline)) static inline void middle(volatile int *at) {
    inner(at); /* MIDDLE */
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    static volatile int *volatile nowhere;
    if (len > 0 && message[0] == 'd')
        return start();
    if (len > 0 && message[0] == 'i')
        middle(nowhere); /* OUTER */
    return MESIBO_RESULT_PASS;
}

int mesibo_module_deep_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    return len == sizeof(*mod) ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL;
}
