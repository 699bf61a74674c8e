/* checks.h - what a host does around each call: who runs is noted on the thread, addresses are copied,
 * and behind the call the struct is looked at. */
#ifndef MESIBO_BENCH_CHECKS_H
#define MESIBO_BENCH_CHECKS_H

#include "opening.h"

#include <stdbool.h>

/* Which module is running on this thread, innermost first. */
typedef struct peer_frame {
    struct peer_frame *below;
    const peer_module *peer;
} peer_frame;

static _Thread_local peer_frame *peer_top;

/* Whether the module has left alone what it must not change; `given` is the struct as it was. */
static inline bool peer_is_sound(const peer_module *peer, const mesibo_module_t *given) {
    const mesibo_module_t *mod = &peer->mod;
    bool same = mod->version == MESIBO_MODULE_VERSION &&
                mod->signature == MESIBO_MODULE_SIGNATURE && mod->http == given->http &&
                mod->log == given->log && mod->send_message == given->send_message;
    for (int i = 0; i < PEER_CANARY_WORDS; i++)
        same = same && peer->canary[i] == PEER_CANARY;
    return same;
}

/* A callback with params that are its own; -1 where it changed what it must not. */
static inline int peer_call_checked(peer_module *peer, const mesibo_module_t *given,
                                    mesibo_message_params_t params, const char *message,
                                    mesibo_uint_t len) {
    peer_frame frame = {peer_top, peer};
    peer_top = &frame;
    int result = peer->mod.on_message(&peer->mod, &params, message, len);
    peer_top = frame.below;
    return peer_is_sound(peer, given) ? result : -1;
}

#endif
