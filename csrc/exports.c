/* exports.c - the extern host functions, by the names that the SDK declares. There is one set of names
 * in a process; what a call means depends on the module that makes it. */
#define _GNU_SOURCE
#include "core.h"
#include "json_extract.h"

#include <dlfcn.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
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
    mh_caller caller = mh_caller_of(mod);
    mh_instance *from = caller.instance;
    int64_t result = MH_CROSSING(
        from, MESSAGE, mh_say_sending(crossing, from, params, message, len),
        from != NULL && from->revision->message != NULL
            ? from->revision->message(from, params, message, len)
            : -1);
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_http(void *mod, const char *url, const char *post, void (*callback)(void),
                    void *cbdata, void *options) {
    mh_caller caller = mh_caller_of(mod);
    mh_instance *from = caller.instance;
    int64_t result = MH_CROSSING(
        from, HTTP, mh_say_callback(crossing, callback, cbdata),
        from != NULL && from->revision->http != NULL
            ? from->revision->http(from, url, post, callback, cbdata, options)
            : -1);
    mh_caller_done(caller);
    return result;
}

static inline int64_t log_line(mh_instance *from, uint64_t level, const char *format, va_list args) {
    return from != NULL ? mh_vlog(from, level, format, args) : -1;
}

int64_t mesibo_vlog(void *mod, uint64_t level, const char *format, va_list args) {
    mh_caller caller = mh_caller_of(mod);
    int64_t result = MH_CROSSING(caller.instance, VLOG,
                                 mh_say_line(crossing, caller.instance, level, format, args),
                                 log_line(caller.instance, level, format, args));
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_log(void *mod, uint64_t level, const char *format, ...) {
    mh_caller caller = mh_caller_of(mod);
    va_list args;
    va_start(args, format);
    int64_t result = MH_CROSSING(caller.instance, LOG,
                                 mh_say_line(crossing, caller.instance, level, format, args),
                                 log_line(caller.instance, level, format, args));
    va_end(args);
    mh_caller_done(caller);
    return result;
}

char *mesibo_util_getconfig(void *mod, const char *name) {
    mh_caller caller = mh_caller_of(mod);
    char *value = MH_CROSSING_OF(
        mh_crossed_text, caller.instance, GETCONFIG, mh_say_text(crossing, MH_ARG_name, name),
        caller.instance != NULL ? mh_config_value(caller.instance, name) : NULL);
    mh_caller_done(caller);
    return value;
}

/* ---- Without one: the module that runs on this thread ------------------------------------------------ */

/* sdk2019: (src, key, next); sdk2020: (src, len, key, next). */
char *mesibo_util_json_extract(char *src, void *second, void *third, char **fourth) {
    mh_caller caller = mh_caller_at(HERE);
    /* A thread that the host has not seen may hide its module behind a tail call: no text has 4 GiB,
     * and no string of a library lies below. */
    bool has_len = caller.instance != NULL ? caller.instance->revision->json_has_len
                                           : (intptr_t)second < (intptr_t)1 << 32;
    intptr_t len = has_len ? (intptr_t)second : 0;
    size_t size = len > 0 ? (size_t)len : 0; /* below 0: nothing is in there */
    const char *key = has_len ? third : second;
    char **next = has_len ? fourth : third;
    const mh_given given = {.kind = MH_GIVEN_JSON, .bytes = src, .len = size};
    char *value = NULL;
    if (caller.instance == NULL || mh_may_go_on(caller.instance, &given)) {
        if (!has_len && src != NULL)
            size = strlen(src);
        value = MH_CROSSING_OF(mh_crossed_text, caller.instance, JSON_EXTRACT,
                               mh_say_search(crossing, src, size, key),
                               mh_json_extract(src, size, key, next));
    }
    mh_caller_done(caller);
    return value;
}

void mesibo_util_create_thread(void *(*run)(void *), void *data, size_t stack_size,
                               const char *name) {
    mh_caller caller = mh_caller_at(HERE);
    MH_CROSSING_OF(mh_crossed_void, caller.instance, CREATE_THREAD,
                   mh_say_thread(crossing, data, stack_size, name),
                   caller.instance != NULL &&
                       mh_thread_start(caller.instance, run, data, stack_size, name));
    mh_caller_done(caller);
}

int64_t mesibo_util_http(void *request, void *cbdata) {
    mh_caller caller = mh_caller_at(HERE);
    mh_instance *from = caller.instance;
    int64_t result = MH_CROSSING(from, UTIL_HTTP, mh_say_pointer(crossing, MH_ARG_cbdata, cbdata),
                                 from != NULL && from->revision->util_http != NULL
                                     ? from->revision->util_http(from, request, cbdata)
                                     : -1);
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_util_fcgi(void *request, const char *host, int64_t port, int64_t keepalive,
                         void (*callback)(void), void *cbdata) {
    mh_caller caller = mh_caller_at(HERE);
    mh_instance *from = caller.instance;
    int64_t result = MH_CROSSING(
        from, UTIL_FCGI, mh_say_server(crossing, host, port, keepalive, cbdata),
        from != NULL && from->revision->util_fcgi != NULL
            ? from->revision->util_fcgi(from, request, host, port, keepalive, callback, cbdata)
            : -1);
    mh_caller_done(caller);
    return result;
}

int64_t mesibo_util_socket_connect(void *socket, void *cbdata) {
    mh_caller caller = mh_caller_at(HERE);
    mh_instance *from = caller.instance;
    int64_t result = MH_CROSSING(from, SOCKET_CONNECT,
                                 mh_say_pointer(crossing, MH_ARG_cbdata, cbdata),
                                 from != NULL && from->revision->util_socket_connect != NULL
                                     ? from->revision->util_socket_connect(from, socket, cbdata)
                                     : -1);
    mh_caller_done(caller);
    return result;
}

/* ---- Without one, and it does not matter which: only a trace asks --------------------------------------- */

static mh_caller caller_if_traced(void *address) {
    return mh_is_traced() ? mh_caller_at(address) : (mh_caller){.cancelling = -1};
}

int64_t mesibo_util_socket_write(int64_t number, const char *data, int64_t len) {
    mh_caller caller = caller_if_traced(HERE);
    int64_t result = MH_CROSSING(caller.instance, SOCKET_WRITE,
                                 mh_say_written(crossing, number, data, len),
                                 mh_socket_write(number, data, len));
    mh_caller_done(caller);
    return result;
}

static int64_t close_socket(int64_t number) {
    mh_socket_close(number);
    return 0;
}

void mesibo_util_socket_close(int64_t number) {
    mh_caller caller = caller_if_traced(HERE);
    MH_CROSSING_OF(mh_crossed_void, caller.instance, SOCKET_CLOSE,
                   mh_say_signed(crossing, MH_ARG_socket, number), close_socket(number));
    mh_caller_done(caller);
}

int64_t mesibo_util_usec(void) {
    mh_caller caller = caller_if_traced(HERE);
    int64_t result = MH_CROSSING(caller.instance, USEC, (void)0, (int64_t)(mh_now() / 1000));
    mh_caller_done(caller);
    return result;
}

/* ---- As modules of the embedder's have them -------------------------------------------------------------- */

int64_t mh_script_send(mh_instance *from, const mh_params *params, const char *message, uint64_t len) {
    return MH_CROSSING(from, SCRIPT_SEND,
                       (mh_say_number(crossing, MH_ARG_len, len), mh_say_params(crossing, params),
                        mh_say_bytes(crossing, MH_ARG_message, message, len)),
                       mh_send(from, params, message, len));
}

int64_t mh_script_log(mh_instance *from, uint64_t level, const char *text, size_t len) {
    return MH_CROSSING(from, SCRIPT_LOG,
                       (mh_say_number(crossing, MH_ARG_level, level),
                        mh_say_bytes(crossing, MH_ARG_text, text, len)),
                       mh_log_text(from, level, text, len));
}

bool mh_script_rewrite(mh_instance *from, const char *message, size_t len) {
    return MH_CROSSING(from, SCRIPT_REWRITE, mh_say_bytes(crossing, MH_ARG_message, message, len),
                       mh_rewrite(from, message, len));
}

int64_t mh_script_http(mh_instance *from, const mh_what *what, const mh_receiver *receiver) {
    return MH_CROSSING(from, SCRIPT_HTTP, (void)0, mh_submit(from, what, receiver));
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
