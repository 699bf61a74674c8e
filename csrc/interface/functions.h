/* functions.h - what modules call, for scripts and for the revisions. */
#ifndef MESIBO_FUNCTIONS_H
#define MESIBO_FUNCTIONS_H

#include "passes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True while this thread is in a callback of a module of this host. */
bool mh_inside_host(const mh_host *host);
/* What an upcall tells: the pass that it runs in on this thread, or NULL. */
mh_pass *mh_current_pass(void);
/* Whether that is one that the embedder holds its own lock for. */
bool mh_is_held(void);
void mh_upcall_failed(void);

/* What a script's on_message does to the message it was given: `len` must be the message's. False: it
 * is not, or this thread is in no such callback of the module. */
bool mh_rewrite(mh_instance *from, const char *message, size_t len);
/* 0, or -1: refused, and the reason logged for the module. Everything is copied before it returns. */
int64_t mh_send(mh_instance *from, const mh_params *params, const char *message, uint64_t len);
int64_t mh_vlog(mh_instance *from, uint64_t level, const char *format, va_list args);
int64_t mh_log_text(mh_instance *from, uint64_t level, const char *text, size_t len);
/* The host functions of scripts: as those of modules, and traced like them. */
int64_t mh_script_send(mh_instance *from, const mh_params *params, const char *message, uint64_t len);
int64_t mh_script_log(mh_instance *from, uint64_t level, const char *text, size_t len);
bool mh_script_rewrite(mh_instance *from, const char *message, size_t len);
/* A line of the host's own on the module's behalf, at level 0. */
void mh_report(mh_instance *about, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Starts a detached thread that counts as the module's. False: it could not be made. */
bool mh_thread_start(mh_instance *from, void *(*run)(void *), void *data, size_t stack_size,
                     const char *name);
/* The value of a configuration item, the module's to write into until after cleanup; or NULL. */
char *mh_config_value(mh_instance *from, const char *name);

/* Makes the extern host functions visible to modules that are opened from now on. False: it cannot be
 * done, and modules of the sdk revisions will not find them. */
bool mh_exports_promote(void);

#endif
