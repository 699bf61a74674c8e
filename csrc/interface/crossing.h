/* crossing.h - one crossing of the boundary between a host and a module, as plain memory: a callback that
 * the host called, or a host function that the module called, with what was passed and what came back.
 *
 * A crossing that is under way is open: it lies in a table, so that it is known also where the process
 * ends in it. Of texts and bytes the first MH_TEXT_KEPT are kept, and how long they were. */
#ifndef MESIBO_CROSSING_H
#define MESIBO_CROSSING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The callbacks first, those of events in the order of mh_event_kind. */
#define MH_CALLBACKS(X) \
    X(ON_MESSAGE, "on_message") \
    X(ON_MESSAGE_STATUS, "on_message_status") \
    X(ON_CALL, "on_call") \
    X(ON_CALL_STATUS, "on_call_status") \
    X(ON_LOGIN, "on_login") \
    X(ON_CONFIG, "on_config") \
    X(INIT, "init") \
    X(CLEANUP, "cleanup") \
    X(THREAD, "thread") \
    X(HTTP_ON_DATA, "http.on_data") \
    X(HTTP_ON_STATUS, "http.on_status") \
    X(HTTP_ON_CLOSE, "http.on_close") \
    X(FCGI_ON_DATA, "fcgi.on_data") \
    X(SOCKET_ON_CONNECT, "socket.on_connect") \
    X(SOCKET_ON_WRITE, "socket.on_write") \
    X(SOCKET_ON_DATA, "socket.on_data") \
    X(SOCKET_ON_CLOSE, "socket.on_close")
#define MH_HOST_FUNCTIONS(X) \
    X(STRUCT_SEND, "mod->send_message") \
    X(STRUCT_HTTP, "mod->http") \
    X(STRUCT_LOG, "mod->log") \
    X(INVOKE, "mod->invoke") \
    X(MESSAGE, "mesibo_message") \
    X(HTTP, "mesibo_http") \
    X(LOG, "mesibo_log") \
    X(VLOG, "mesibo_vlog") \
    X(GETCONFIG, "mesibo_util_getconfig") \
    X(JSON_EXTRACT, "mesibo_util_json_extract") \
    X(CREATE_THREAD, "mesibo_util_create_thread") \
    X(UTIL_HTTP, "mesibo_util_http") \
    X(UTIL_FCGI, "mesibo_util_fcgi") \
    X(SOCKET_CONNECT, "mesibo_util_socket_connect") \
    X(SOCKET_WRITE, "mesibo_util_socket_write") \
    X(SOCKET_CLOSE, "mesibo_util_socket_close") \
    X(USEC, "mesibo_util_usec") \
    X(SCRIPT_SEND, "Module.send") \
    X(SCRIPT_LOG, "Module.log") \
    X(SCRIPT_HTTP, "Module.http") \
    X(SCRIPT_REWRITE, "Module.rewrite")

typedef enum mh_function {
#define MH_FUNCTION(id, name) MH_FN_##id,
    MH_CALLBACKS(MH_FUNCTION) MH_HOST_FUNCTIONS(MH_FUNCTION)
#undef MH_FUNCTION
        MH_FUNCTION_KINDS
} mh_function;

static inline bool mh_is_host_function(mh_function function) { return function >= MH_FN_STRUCT_SEND; }

/* What an argument is called; `result` is what came back, where that is a text. */
#define MH_ARGUMENTS(X) \
    X(result) X(to) X(from) X(message) X(len) X(status) X(aid) X(id) X(refid) X(groupid) X(flags) \
    X(type) X(expiry) X(uflags) X(sid) X(device) X(address) X(online) X(config) X(revision) X(name) \
    X(level) X(format) X(text) X(url) X(post) X(callback) X(cbdata) X(src) X(key) \
    X(data) X(stack_size) X(host) X(port) X(keepalive) X(body) X(socket) X(state) \
    X(progress) X(size) X(content_type) X(fd) X(proxy) X(extra_header) X(user_agent) X(referrer) \
    X(origin) X(cookie) X(encoding) X(cache_control) X(accept) X(etag) X(ims) X(maxredirects) \
    X(conn_timeout) X(header_timeout) X(body_timeout) X(total_timeout) X(retries) X(synchronous) \
    X(ws_protocol) X(verify_host) X(params) X(code) \
    X(USER) X(SCRIPT_FILENAME) X(QUERY_STRING) X(CONTENT_TYPE) X(SCRIPT_NAME) X(REQUEST_URI) \
    X(DOCUMENT_URI) X(DOCUMENT_ROOT) X(SERVER_PROTOCOL) X(REQUEST_SCHEME) X(REMOTE_ADDR) \
    X(REMOTE_PORT) X(SERVER_ADDR) X(SERVER_PORT) X(SERVER_NAME) X(HTTP_HOST) X(HTTP_CONNECTION) \
    X(HTTP_CACHE_CONTROL) X(HTTP_UPGRADE_INSECURE_REQUESTS) X(HTTP_USER_AGENT) X(HTTP_ACCEPT) \
    X(HTTP_ACCEPT_ENCODING) X(HTTP_ACCEPT_LANGUAGE)

typedef enum mh_argument_name {
#define MH_ARGUMENT(name) MH_ARG_##name,
    MH_ARGUMENTS(MH_ARGUMENT)
#undef MH_ARGUMENT
        MH_ARGUMENT_NAMES
} mh_argument_name;

typedef enum mh_argument_kind { MH_NUMBER, MH_SIGNED, MH_POINTER, MH_TEXT } mh_argument_kind;

enum { MH_ARGUMENTS_KEPT = 24, MH_TEXT_KEPT = 64, MH_TEXTS_ROOM = 448, MH_MODULE_ROOM = 64 };

typedef struct mh_argument {
    uint8_t name, kind;
    uint16_t at, kept; /* of a text, in `texts` */
    uint64_t value;    /* of a text: its whole length */
} mh_argument;

#define MH_UNDER_WAY UINT64_MAX /* as what it took */
#define MH_WRITING (UINT64_C(1) << 63)

typedef struct mh_crossing {
    /* in the table of open ones: 0 free, 1 open; in the ring: where in it it is, plus 1, and MH_WRITING as
     * long as it is not whole */
    _Atomic uint64_t state;
    uint64_t id, parent; /* of this process, from 1; what it is inside of, on its thread, or 0 */
    uint64_t begun, took; /* CLOCK_MONOTONIC, in nanoseconds; or MH_UNDER_WAY */
    int64_t result;
    int32_t process, thread;
    uint8_t function, count;
    uint8_t returns;   /* `result` means something; as all that a module can write to, no bool */
    uint8_t left_out;  /* arguments for which there was no room */
    uint16_t texts_used;
    void *outer, *tracer; /* of the process that it is in */
    char module[MH_MODULE_ROOM];
    mh_argument arguments[MH_ARGUMENTS_KEPT];
    char texts[MH_TEXTS_ROOM];
} mh_crossing;

/* ---- Many of them, in memory that may be shared -----------------------------------------------------
 *
 * The open ones, and a ring of those that are over: any number of threads put them in, one takes them
 * out. Where nobody does (`taken_out` false), the last few are kept. */

enum { MH_OPEN_CROSSINGS = 64, MH_RING = 4096, MH_LAST_CROSSINGS = 16, MH_FEW = 64 };

typedef struct mh_crossings {
    _Atomic uint8_t taken_out;
    _Atomic uint64_t put, taken; /* counts */
    _Atomic uint64_t dropped;    /* that found no room, and nobody made any in time */
    _Atomic uint64_t ids;
    mh_crossing open[MH_OPEN_CROSSINGS];
    mh_crossing ring[MH_RING];
} mh_crossings;

/* Waits where it is full. Where nobody takes out, it may be passed over: its place is being written to. */
void mh_crossings_put(mh_crossings *crossings, const mh_crossing *crossing);
/* What is behind `taken`, which is counted on; whether there was one. What comes out may be nonsense,
 * where a module can write there: it is mended so that it can be read. */
bool mh_crossings_take(mh_crossings *crossings, uint64_t *taken, mh_crossing *out);
/* The last that are over, and those that are open, oldest first: how many. */
size_t mh_crossings_last(mh_crossings *crossings, mh_crossing out[MH_LAST_CROSSINGS]);
/* The open ones, in turn from `at` 0; false behind the last. */
bool mh_crossings_open(mh_crossings *crossings, size_t *at, mh_crossing *out);
/* For a new process: nothing is open. `taken` is counted on over what is lost. */
void mh_crossings_renew(mh_crossings *crossings, uint64_t *taken);

/* ---- As text -------------------------------------------------------------------------------------------- */

/* The one that is called so; MH_ARGUMENT_NAMES: there is none. */
mh_argument_name mh_argument_named(const char *name);

/* Enough for any crossing. */
enum { MH_CROSSING_TEXT = 8192 };

/* As a JSON object, on one line; and as an event of Chrome's trace format. The length, without a NUL. */
size_t mh_crossing_json(const mh_crossing *crossing, char out[MH_CROSSING_TEXT]);
size_t mh_crossing_event(const mh_crossing *crossing, char out[MH_CROSSING_TEXT]);

#endif
