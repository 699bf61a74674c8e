/* Counts how many threads are inside it at once, and tells on a call. */
#define _DEFAULT_SOURCE
#include "module.h"

#include <stdatomic.h>
#include <unistd.h>

static atomic_int inside, most;

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    int now = ++inside;
    for (int seen = most; now > seen;)
        if (atomic_compare_exchange_weak(&most, &seen, now))
            break;
    usleep(2000);
    inside--;
    return MESIBO_RESULT_PASS;
}

static int on_call(mesibo_module_t *mod) {
    mod->log(mod, 0, "%d", atomic_exchange(&most, 0));
    return MESIBO_RESULT_OK;
}

int mesibo_module_crowd_init(mesibo_module_t *mod, mesibo_uint_t len) {
    mod->on_message = on_message;
    mod->on_call = on_call;
    return MESIBO_RESULT_OK;
}
