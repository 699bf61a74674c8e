/* exports.c - the extern host functions, by the names that the SDK declares. There is one set of names
 * in a process; what a call means depends on the module that makes it. */
#define _GNU_SOURCE
#include "core.h"
#include "json_extract.h"

#include <dlfcn.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
void (*mh_note_call)(const char *name, uint64_t argument);

#define HERE __builtin_extract_return_addr(__builtin_return_address(0))

/* Declared so that they may be defined: the SDK's headers, which declare them for modules, each have
 * their own layouts. */
EXPORT int64_t mesibo_message(void *mod, void *params, const char *message, uint64_t len);
EXPORT int64_t mesibo_http(void *mod, const char *url, const char *post, void (*callback)(void),
                           void *cbdata, void *options);
EXPORT int64_t mesibo_log(void *mod, uint64_t level, const char *format, ...);
EXPORT int64_t mesibo_vlog(void *mod, uint64_t level, const char *format, va_list args);
EXPORT char *mesibo_util_getconfig(void *mod, const char *name);
EXPORT char *mesibo_util_json_extract(char *src, void *second, void *third, char **fourth);
EXPORT void mesibo_util_create_thread(void *(*run)(void *), void *data, size_t stack_size,
                                      const char *name);
EXPORT int64_t mesibo_util_http(void *request, void *cbdata);
EXPORT int64_t mesibo_util_fcgi(void *request, const char *host, int64_t port, int64_t keepalive,
                                void (*callback)(void), void *cbdata);
EXPORT int64_t mesibo_util_socket_connect(void *socket, void *cbdata);
EXPORT int64_t mesibo_util_socket_write(int64_t number, const char *data, int64_t len);
EXPORT void mesibo_util_socket_close(int64_t number);
EXPORT int64_t mesibo_util_usec(void);

/* ---- With a module as the first argument ------------------------------------------------------------ */

int64_t mesibo_message(void *mod, void *params, const char *message, uint64_t len) {
    mh_note("mesibo_message", len);
    mh_caller caller = mh_caller_of(mod);
    int64_t result = -1;
    if (caller.instance != NULL && caller.instance->revision->message != NULL)
        result = caller.instance->revision->message(caller.instance, params, message, len);
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_http(void *mod, const char *url, const char *post, void (*callback)(void),
                    void *cbdata, void *options) {
    mh_note("mesibo_http", 0);
    mh_caller caller = mh_caller_of(mod);
    int64_t result = -1;
    if (caller.instance != NULL && caller.instance->revision->http != NULL)
        result = caller.instance->revision->http(caller.instance, url, post, callback, cbdata,
                                                 options);
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_vlog(void *mod, uint64_t level, const char *format, va_list args) {
    mh_note("mesibo_log", level);
    mh_caller caller = mh_caller_of(mod);
    int64_t result = caller.instance != NULL ? mh_vlog(caller.instance, level, format, args) : -1;
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_log(void *mod, uint64_t level, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int64_t result = mesibo_vlog(mod, level, format, args);
    va_end(args);
    return result;
}

char *mesibo_util_getconfig(void *mod, const char *name) {
    mh_note("mesibo_util_getconfig", 0);
    mh_caller caller = mh_caller_of(mod);
    char *value = caller.instance != NULL ? mh_config_value(caller.instance, name) : NULL;
    mh_caller_done(caller);
    return value;
}

/* ---- Without one: the module that runs on this thread ------------------------------------------------ */

/* sdk2019: (src, key, next); sdk2020: (src, len, key, next). */
char *mesibo_util_json_extract(char *src, void *second, void *third, char **fourth) {
    mh_note("mesibo_util_json_extract", 0);
    mh_caller caller = mh_caller_at(HERE);
    /* A thread that the host has not seen may hide its module behind a tail call: no text has 4 GiB,
     * and no string of a library lies below. */
    bool has_len = caller.instance != NULL ? caller.instance->revision->json_has_len
                                           : (intptr_t)second < (intptr_t)1 << 32;
    mh_caller_done(caller);
    if (!has_len)
        return mh_json_extract(src, src != NULL ? strlen(src) : 0, second, third);
    intptr_t len = (intptr_t)second; /* below 0: nothing is in there */
    return mh_json_extract(src, len > 0 ? (size_t)len : 0, third, fourth);
}

void mesibo_util_create_thread(void *(*run)(void *), void *data, size_t stack_size,
                               const char *name) {
    mh_note("mesibo_util_create_thread", stack_size);
    mh_caller caller = mh_caller_at(HERE);
    if (caller.instance != NULL)
        mh_thread_start(caller.instance, run, data, stack_size, name);
    mh_caller_done(caller);
}

int64_t mesibo_util_http(void *request, void *cbdata) {
    mh_note("mesibo_util_http", 0);
    mh_caller caller = mh_caller_at(HERE);
    int64_t result = -1;
    if (caller.instance != NULL && caller.instance->revision->util_http != NULL)
        result = caller.instance->revision->util_http(caller.instance, request, cbdata);
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_util_fcgi(void *request, const char *host, int64_t port, int64_t keepalive,
                         void (*callback)(void), void *cbdata) {
    mh_note("mesibo_util_fcgi", 0);
    mh_caller caller = mh_caller_at(HERE);
    int64_t result = -1;
    if (caller.instance != NULL && caller.instance->revision->util_fcgi != NULL)
        result = caller.instance->revision->util_fcgi(caller.instance, request, host, port,
                                                      keepalive, callback, cbdata);
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_util_socket_connect(void *socket, void *cbdata) {
    mh_note("mesibo_util_socket_connect", 0);
    mh_caller caller = mh_caller_at(HERE);
    int64_t result = -1;
    if (caller.instance != NULL && caller.instance->revision->util_socket_connect != NULL)
        result = caller.instance->revision->util_socket_connect(caller.instance, socket, cbdata);
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_util_socket_write(int64_t number, const char *data, int64_t len) {
    mh_note("mesibo_util_socket_write", (uint64_t)len);
    return mh_socket_write(number, data, len);
}

void mesibo_util_socket_close(int64_t number) {
    mh_note("mesibo_util_socket_close", (uint64_t)number);
    mh_socket_close(number);
}

int64_t mesibo_util_usec(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- The same as C++ modules of 2019 import them, built against a header without C linkage ------------ */

#define ALIAS(mangled, plain) \
    extern __typeof__(plain) mangled __attribute__((alias(#plain), visibility("default")));
ALIAS(_Z14mesibo_messageP15mesibo_module_sP23mesibo_message_params_sPKcm, mesibo_message)
ALIAS(_Z10mesibo_logP15mesibo_module_smPKcz, mesibo_log)
ALIAS(_Z11mesibo_httpP15mesibo_module_sPKcS2_PFlPvllS2_lES3_P21_module_http_option_t, mesibo_http)
ALIAS(_Z21mesibo_util_getconfigP15mesibo_module_sPKc, mesibo_util_getconfig)
ALIAS(_Z24mesibo_util_json_extractPcPKcPS_, mesibo_util_json_extract)
ALIAS(_Z25mesibo_util_create_threadPFPvS_ES_mPKc, mesibo_util_create_thread)

bool mh_exports_promote(void) {
    Dl_info self;
    if (dladdr((void *)(uintptr_t)mesibo_log, &self) == 0)
        return false;
    void *handle = dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
    return handle != NULL;
}
