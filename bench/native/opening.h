/* opening.h - how every peer opens a module: dlopen, a zeroed struct, host functions, init. For C
 * and for C++, which has neither designated initializers nor an implicit cast from void. */
#ifndef MESIBO_BENCH_OPENING_H
#define MESIBO_BENCH_OPENING_H

#define MESIBO_ABI_NO_TAG
#include "module.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PEER_CANARY_WORDS = 8 };
#define PEER_CANARY UINT64_C(0x5AFE5AFE0DDBA115)

typedef int (*peer_send)(mesibo_module_t *, mesibo_message_params_t *, const char *,
                         mesibo_uint_t);
typedef int (*peer_log)(mesibo_module_t *, mesibo_uint_t, const char *, ...);

/* The struct of the module comes first: a host function finds its peer behind the same pointer. */
typedef struct peer_module {
    mesibo_module_t mod;
    uint64_t canary[PEER_CANARY_WORDS];
    void *library;
    void *owner; /* the peer's own: a Python callable, or where it appends to */
} peer_module;

static inline int peer_no_send(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    (void)mod, (void)params, (void)message, (void)len;
    return MESIBO_RESULT_OK;
}

static inline int peer_no_log(mesibo_module_t *mod, mesibo_uint_t level, const char *format, ...) {
    (void)mod, (void)level, (void)format;
    return MESIBO_RESULT_OK;
}

static inline int peer_no_http(mesibo_module_t *mod, const char *url, const char *post,
                               mesibo_module_http_data_callback_t cb, void *cbdata,
                               module_http_option_t *opt) {
    (void)mod, (void)url, (void)post, (void)cb, (void)cbdata, (void)opt;
    return MESIBO_RESULT_FAIL;
}

static inline void peer_close(peer_module *peer) {
    if (peer == NULL)
        return;
    if (peer->mod.cleanup != NULL)
        peer->mod.cleanup(&peer->mod);
    if (peer->library != NULL)
        dlclose(peer->library);
    free(peer);
}

/* NULL: the library, its entry point or the memory is missing, or the module refused. */
static inline peer_module *peer_open(const char *path, const char *entry, peer_send send,
                                     peer_log log) {
    peer_module *peer = (peer_module *)calloc(1, sizeof(peer_module));
    if (peer == NULL)
        return NULL;
    for (int i = 0; i < PEER_CANARY_WORDS; i++)
        peer->canary[i] = PEER_CANARY;
    peer->mod.version = MESIBO_MODULE_VERSION;
    peer->mod.signature = MESIBO_MODULE_SIGNATURE;
    peer->mod.send_message = send != NULL ? send : peer_no_send;
    peer->mod.http = peer_no_http;
    peer->mod.log = log != NULL ? log : peer_no_log;
    peer->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *found = peer->library == NULL ? NULL : dlsym(peer->library, entry);
    mesibo_module_init_fn init = NULL;
    memcpy(&init, &found, sizeof init);
    if (init == NULL || init(&peer->mod, sizeof(mesibo_module_t)) != MESIBO_RESULT_OK) {
        peer->mod.cleanup = NULL;
        peer_close(peer);
        return NULL;
    }
    return peer;
}

#endif
