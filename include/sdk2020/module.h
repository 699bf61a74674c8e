/* module.h - the ABI between a Mesibo server module and its host, revision sdk2020.
 *
 * A module is a shared library mesibo_mod_<name>.so with one entry point,
 * mesibo_module_<name>_init. The host gives it a mesibo_module_t; the module fills in the callbacks
 * it wants and is called from then on. The host serves it through functions that the library leaves
 * undefined: they are resolved when it is loaded.
 *
 *     #include "module.h"
 *
 *     static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
 *                                    char *message, mesibo_uint_t len) {
 *         mesibo_log(mod, 0, "%d bytes from %s\n", (int)len, params->from ? params->from : "?");
 *         return MESIBO_RESULT_PASS;
 *     }
 *
 *     MESIBO_EXPORT mesibo_int_t mesibo_module_hello_init(mesibo_int_t version,
 *                                                         mesibo_module_t *mod,
 *                                                         mesibo_int_t len) {
 *         MESIBO_MODULE_SANITY_CHECK(mod, version, len);
 *         mod->description = "counts bytes";
 *         mod->on_message = on_message;
 *         return MESIBO_RESULT_OK;
 *     }
 *
 * Threads. Every function carries one of two tags:
 *
 * [entry]       The host calls the module, from any of its threads, one entry at a time for all
 *               modules of the host: no second entry begins before the first has returned. Only a
 *               module that was loaded as thread safe is entered by several threads at once. An
 *               entry must not block: messages for everybody wait behind it.
 * [any-thread]  The module calls the host: in any callback, or from a thread of its own, until its
 *               on_cleanup has returned. Threads begun with mesibo_util_create_thread may go on
 *               until their function returns.
 *
 * Memory. What the host hands in belongs to the host and is valid until the callback returns;
 * keep a copy of what you need longer. What the module hands out is copied before the host
 * function returns: it may live on the stack.
 *
 * C11 and C++11 or later. Sizes and offsets are frozen: no field ever moves. */
#ifndef MESIBO_ABI_SDK2020_MODULE_H
#define MESIBO_ABI_SDK2020_MODULE_H

#if __SIZEOF_POINTER__ != 8
#error "a Mesibo module needs a target with 64-bit pointers: its signature has 64 bits"
#endif

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#if defined(__GNUC__)
#define MESIBO_ABI_VISIBLE __attribute__((__visibility__("default")))
#define MESIBO_ABI_PRINTF(format, first) __attribute__((__format__(__printf__, format, first)))
#define MESIBO_ABI_FLEXIBLE __extension__ /* a struct may end in an array without a size */
#else
#define MESIBO_ABI_VISIBLE
#define MESIBO_ABI_PRINTF(format, first)
#define MESIBO_ABI_FLEXIBLE
#endif

/* Before the definition of the entry point: C linkage, and visible under -fvisibility=hidden. */
#if defined(__cplusplus)
#define MESIBO_EXPORT extern "C" MESIBO_ABI_VISIBLE
#else
#define MESIBO_EXPORT MESIBO_ABI_VISIBLE
#endif

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- Words and results ---------------------------------------------------------------------- */

typedef intptr_t mesibo_int_t;
typedef uintptr_t mesibo_uint_t;

/* What mod->signature and mod->version hold. MESIBO_MODULE_SANITY_CHECK compares both. */
#define MESIBO_MODULE_SIGNATURE 0xAA55773388FF1100
#define MESIBO_MODULE_VERSION 1

/* What init, on_cleanup and the host functions return. */
#define MESIBO_RESULT_OK 0
#define MESIBO_RESULT_FAIL (-1)

/* What on_message decides, or MESIBO_RESULT_FAIL. */
#define MESIBO_RESULT_PASS 0     /* on to the next module, then to the recipient */
#define MESIBO_RESULT_CONSUMED 1 /* stop: no further module and no recipient gets it */

typedef struct mesibo_module_s mesibo_module_t;
typedef struct mesibo_message_params_s mesibo_message_params_t;
typedef struct mesibo_user_s mesibo_user_t;
typedef struct module_config_s module_config_t;
typedef struct module_config_item_s module_config_item_t;
typedef struct _mesibo_http_t mesibo_http_t;
typedef struct mesibo_fcgi_s mesibo_fcgi_t;
typedef struct mesibo_socket_s mesibo_socket_t;

/* ---- Messages and users --------------------------------------------------------------------- */

/* What params->flags says of a message. */
#define MOD_MESIBO_MSGFLAG_DELIVERYRECEIPT 0x1 /* the sender wants to know when it arrives */
#define MOD_MESIBO_MSGFLAG_READRECEIPT 0x2     /* and when it is read */
#define MOD_MESIBO_MSGFLAG_TRANSIENT 0x4       /* not to be kept for a recipient who is offline */
#define MOD_MESIBO_MSGFLAG_PRESENCE 0x8        /* about the presence of a user */
#define MOD_MESIBO_MSGFLAG_MEDIA 0x100         /* carries media */
#define MOD_MESIBO_MSGFLAG_OUTGOING 0x10000    /* the server sends it out */

/* Those that a message which a module sends may have. */
#define MOD_MESIBO_MSGFLAG_SENDMESSAGE                                      \
    (MOD_MESIBO_MSGFLAG_DELIVERYRECEIPT | MOD_MESIBO_MSGFLAG_READRECEIPT | \
     MOD_MESIBO_MSGFLAG_TRANSIENT | MOD_MESIBO_MSGFLAG_PRESENCE)

/* What params->uflags says of the users. */
#define MOD_MESIBO_UFLAG_DESTONLINE 0x1 /* the recipient is online */

/* Directions of messages: from users to the server, and from it to users. */
#define MOD_MESIBO_FLAG_INCOMING 0x1
#define MOD_MESIBO_FLAG_OUTGOING 0x2

/* What params->status says in on_message_status: up to _MAX the message got there, from _FAIL to
 * _FAILMAX it did not. */
#define MESIBO_MODULE_MSGSTATUS_DELIVERED 2
#define MESIBO_MODULE_MSGSTATUS_READ 3
#define MESIBO_MODULE_MSGSTATUS_MAX 3
#define MESIBO_MODULE_MSGSTATUS_FAIL 0x80
#define MESIBO_MODULE_MSGSTATUS_NOTACTIVE 0x81   /* the recipient is not active */
#define MESIBO_MODULE_MSGSTATUS_INBOXFULL 0x82   /* the recipient's inbox is full */
#define MESIBO_MODULE_MSGSTATUS_INVALIDDEST 0x83 /* there is no such recipient */
#define MESIBO_MODULE_MSGSTATUS_NOINCOMING 0x86  /* the recipient takes no messages */
#define MESIBO_MODULE_MSGSTATUS_BLOCKED 0x88     /* the recipient has blocked the sender */
#define MESIBO_MODULE_MSGSTATUS_FAILMAX 0x88

/* About a message: in a callback, the one that came; for mesibo_message, the one that goes.
 *
 * In a callback the struct and both strings are the host's own copies for this module and this
 * call. They may be written to; nobody sees the changes. */
struct mesibo_message_params_s {
    mesibo_uint_t aid;     /* the application that the users belong to */
    mesibo_uint_t id;      /* the message */
    mesibo_uint_t refid;   /* the message that this one refers to; 0: none */
    mesibo_uint_t groupid; /* the group it goes to; 0: none */
    mesibo_uint_t flags;   /* MOD_MESIBO_MSGFLAG_*; pass on as they are those you do not know */
    mesibo_uint_t type;    /* the application's own kind of message */
    mesibo_uint_t expiry;  /* seconds to keep it for a recipient who is offline */
    mesibo_uint_t uflags;  /* MOD_MESIBO_UFLAG_* */
    mesibo_uint_t status;  /* MESIBO_MODULE_MSGSTATUS_*, in on_message_status */
    mesibo_uint_t sid;     /* the server's number of the session */
    mesibo_uint_t device;  /* the server's number of the device */

    uintptr_t reserved_0; /* 0, as the three below */
    uintptr_t reserved_1;
    uintptr_t reserved_2;
    uintptr_t reserved_3;

    char *to;   /* the recipient, NUL-terminated; NULL: none, as in a group message */
    char *from; /* the sender, NUL-terminated; may be NULL */
};

/* A user who came or went. The host's own copy for this module and this call. */
struct mesibo_user_s {
    mesibo_uint_t flags; /* bits of the messaging protocol */
    mesibo_int_t online; /* 1: logged in, 0: logged out */
    char *address;       /* of the user, NUL-terminated */

    uintptr_t reserved_0; /* 0, as the three below */
    uintptr_t reserved_1;
    uintptr_t reserved_2;
    uintptr_t reserved_3;
};

/* ---- Configuration -------------------------------------------------------------------------- */

/* A line `name = value` of the module's block in the configuration: two NUL-terminated strings of
 * this load's own. They may be written to in place, by strtok say. */
struct module_config_item_s {
    char *name;
    char *value;
};

/* All items of the block, in its order. The host's; valid until on_cleanup has returned. */
MESIBO_ABI_FLEXIBLE struct module_config_s {
    mesibo_int_t count; /* of items */
    module_config_item_t items[];
};

/* ---- HTTP ----------------------------------------------------------------------------------- */

/* Where a request stands. */
typedef enum {
    MODULE_HTTP_STATE_REQUEST = 0,
    MODULE_HTTP_STATE_REQBODY = 1,
    MODULE_HTTP_STATE_RESPHEADER = 2,
    MODULE_HTTP_STATE_RESPBODY = 3,
    MODULE_HTTP_STATE_DONE = 4
} module_http_state_t;

/* The three callbacks of a request. None comes before the callback that made the request has
 * returned. `cbdata` is what was given to mesibo_util_http: the module's own, the host never looks
 * behind it. What else they are given is the host's and valid until they return. In order:
 *
 *     an answer       on_data and, once, on_status; on_data with progress 100; on_data with DONE;
 *                     on_close with MESIBO_RESULT_OK
 *     a failure       at any place: on_data with progress below 0, and nothing more; where there
 *                     is no on_data, on_close with MESIBO_RESULT_FAIL
 *     a cancellation  on_data returned something else than 0: on_close with MESIBO_RESULT_FAIL
 *
 * So free what belongs to `cbdata` on a failure in on_data, and in on_close. Any HTTP status is an
 * answer. */

/* [entry] How a request goes, and its answer, piece by piece.
 *
 * `state`: MODULE_HTTP_STATE_REQUEST and _REQBODY as request and body go out (`buffer` NULL, `size`
 * 0), _RESPHEADER with bytes of the header, _RESPBODY with bytes of the body, _DONE behind all of
 * it (progress 100, `size` 0).
 * `progress`, in percent: 1 to 99 while the body comes (50 where its length is unknown), 100 in
 * exactly one last call for the body, whose `size` may be 0. Below 0: the request failed, `buffer`
 * is NULL and `size` 0.
 * `buffer` is `size` bytes, those of the body decoded (no gzip, no chunks), without a NUL behind
 * them.
 *
 * Return 0 to go on. Anything else cancels the request. */
typedef mesibo_int_t (*mesibo_http_ondata_t)(void *cbdata, mesibo_int_t state,
                                             mesibo_int_t progress, const char *buffer,
                                             mesibo_int_t size);

/* [entry] The answer has begun: once, before its body. `status` is the HTTP status,
 * `response_type` its Content-Type, NUL-terminated, NULL where it has none. Return 0. */
typedef mesibo_int_t (*mesibo_http_onstatus_t)(void *cbdata, mesibo_int_t status,
                                               const char *response_type);

/* [entry] The request is over: `result` is MESIBO_RESULT_OK or MESIBO_RESULT_FAIL. */
typedef void (*mesibo_http_onclose_t)(void *cbdata, mesibo_int_t result);

/* A request, and who gets its answer. Zero the struct and set what you need: a string that is NULL
 * is not sent, a number that is 0 leaves the choice to the host, a callback that is NULL is not
 * called. Strings are NUL-terminated. Struct and strings are read during the call of
 * mesibo_util_http and no longer. */
struct _mesibo_http_t {
    const char *url;
    const char *post;          /* NULL: a GET, else the body of a POST */
    const char *content_type;  /* of `post`; NULL: application/x-www-form-urlencoded */
    const char *extra_header;  /* further header lines, CRLF between them */
    const char *user_agent;    /* User-Agent */
    const char *referrer;      /* Referer */
    const char *origin;        /* Origin */
    const char *cookie;        /* Cookie */
    const char *encoding;      /* Accept-Encoding */
    const char *cache_control; /* Cache-Control */
    const char *accept;        /* Accept */
    const char *etag;          /* If-None-Match */

    mesibo_uint_t ims;            /* If-Modified-Since, seconds since 1970 */
    mesibo_uint_t conn_timeout;   /* seconds until connected */
    mesibo_uint_t header_timeout; /* seconds until the header of the answer is there */
    mesibo_uint_t body_timeout;   /* seconds until its body is there */
    mesibo_uint_t total_timeout;  /* seconds for all of it */

    mesibo_http_ondata_t on_data;
    mesibo_http_onstatus_t on_status;
    mesibo_http_onclose_t on_close;
};

/* ---- FastCGI -------------------------------------------------------------------------------- */

/* [entry] The answer of a FastCGI server, once. `result` MESIBO_RESULT_OK: `buffer` is the `size`
 * bytes of the whole body, the header taken off, without a NUL behind them, the host's, valid until
 * this returns. MESIBO_RESULT_FAIL: `buffer` is NULL and `size` 0. Free what belongs to `cbdata`
 * here. Return 0. */
typedef mesibo_int_t (*mesibo_fcgi_ondata_t)(void *cbdata, mesibo_int_t result, const char *buffer,
                                             mesibo_int_t size);

/* A request: the CGI variables of these names. Zero the struct and set what you need; what stays
 * NULL is not sent, or derived as said. Strings are NUL-terminated. Struct, strings and body are
 * read during the call of mesibo_util_fcgi and no longer.
 *
 * REQUEST_METHOD is POST where there is a body, else GET. */
struct mesibo_fcgi_s {
    char *USER;
    char *SCRIPT_FILENAME; /* the script's file; NULL: DOCUMENT_ROOT, a slash and SCRIPT_NAME */
    char *QUERY_STRING;
    char *CONTENT_TYPE; /* of the body */
    char *SCRIPT_NAME;
    char *REQUEST_URI;
    char *DOCUMENT_URI;
    char *DOCUMENT_ROOT;
    char *SERVER_PROTOCOL; /* NULL: the host says one */
    char *REQUEST_SCHEME;
    char *REMOTE_ADDR;
    char *REMOTE_PORT;
    char *SERVER_ADDR;
    char *SERVER_PORT;
    char *SERVER_NAME;
    char *HTTP_HOST;
    char *HTTP_CONNECTION;
    char *HTTP_CACHE_CONTROL;
    char *HTTP_UPGRADE_INSECURE_REQUESTS;
    char *HTTP_USER_AGENT;
    char *HTTP_ACCEPT;
    char *HTTP_ACCEPT_ENCODING;
    char *HTTP_ACCEPT_LANGUAGE;
    char *body;       /* `bodylen` bytes, NULs or not; NULL: none */
    uint64_t bodylen; /* CONTENT_LENGTH */
};

/* ---- Sockets -------------------------------------------------------------------------------- */

/* The callbacks of a connection. None comes before the callback that called
 * mesibo_util_socket_connect has returned. `cbdata` is what was given to it: the module's own. */

/* [entry] Connected, TLS and WebSocket included: once, before any data. `asock` is the host's
 * number of this connection, for mesibo_util_socket_write and _close; it is no descriptor and never
 * used again. Leave `fd` alone: what it is belongs to the host. */
typedef void (*mesibo_socket_onconnect_t)(void *cbdata, mesibo_int_t asock, mesibo_int_t fd);

/* [entry] What was written has gone out: there is room for more. */
typedef void (*mesibo_socket_onwrite_t)(void *cbdata);

/* [entry] What came: `len` bytes, without a NUL behind them, the host's, valid until this returns.
 * From a WebSocket, one message each. Return 0. */
typedef mesibo_int_t (*mesibo_socket_ondata_t)(void *cbdata, const char *data, mesibo_int_t len);

/* [entry] The connection is over or was never made: exactly once, the last call. Free what belongs
 * to `cbdata` here. `type` is the host's word for why, good for a log. */
typedef void (*mesibo_socket_onclose_t)(void *cbdata, mesibo_int_t type);

/* A connection to be made. Zero the struct and set what you need; a callback that is NULL is not
 * called. Struct and strings are read during the call of mesibo_util_socket_connect and no longer.
 */
struct mesibo_socket_s {
    /* ws://host[:80]/path, wss://host[:443]/path: a WebSocket, the latter over TLS.
     * sock://host:port: plain TCP. socks://host[:443]: TCP with TLS. */
    const char *url;
    const char *ws_protocol;  /* Sec-WebSocket-Protocol; NULL: none */
    mesibo_int_t keepalive;   /* not 0: keep an idle connection alive */
    mesibo_int_t verify_host; /* TLS; 0: neither certificate nor name is checked */
    void *ssl_ctx;            /* leave it NULL: TLS is the host's affair */

    mesibo_socket_onconnect_t on_connect;
    mesibo_socket_onwrite_t on_write;
    mesibo_socket_ondata_t on_data;
    mesibo_socket_onclose_t on_close;
};

/* ---- The module ----------------------------------------------------------------------------- */

/* One load of a module: a library that is configured twice gets two of these, while its globals
 * are shared. The host allocates and zeroes the struct and owns it; never free it. It stays where
 * it is until on_cleanup has returned. Write only what is marked as the module's. */
struct mesibo_module_s {
    mesibo_uint_t version;   /* the host's: MESIBO_MODULE_VERSION */
    mesibo_uint_t flags;     /* the module's; 0 where it has none */
    const char *name;        /* the host's: the module's name in the configuration */
    const char *description; /* the module's: for people, NUL-terminated, valid until on_cleanup */
    void *ctx;               /* the module's: the host never looks at it */
    module_config_t *config; /* the host's: the module's items; NULL where it has none */

    /* Callbacks, the module's to set in init. One that stays NULL is skipped. */

    /* [entry] The last call, once, and only after an init that succeeded. Requests are over by
     * then. Free what the module holds and end its threads; the library may be unmapped next. The
     * result is reported and changes nothing. */
    mesibo_int_t (*on_cleanup)(mesibo_module_t *mod);

    /* [entry] A message on its way to the recipient.
     *
     * `message` is `len` bytes, the host's, valid until this returns. They may be rewritten in
     * place: the next module and the recipient see what they are then. `len` may be 0, and it alone
     * says where the message ends, for writing too: there may be NULs inside, and there need not be
     * one behind it.
     *
     * Return MESIBO_RESULT_PASS or MESIBO_RESULT_CONSUMED. MESIBO_RESULT_FAIL, or a number that is
     * none of the three, counts as a failure of this module and is reported with its name. */
    mesibo_int_t (*on_message)(mesibo_module_t *mod, mesibo_message_params_t *params,
                               char *message, mesibo_uint_t len);

    /* [entry] What became of a message: params->status. It goes to the module that sent the
     * message, or to all modules where none of them did. `params` as in on_message. The result is
     * reported and changes nothing. */
    mesibo_int_t (*on_message_status)(mesibo_module_t *mod, mesibo_message_params_t *params);

    /* [entry] A user calls another; this revision hands over nothing about the call. The result is
     * reported and changes nothing. */
    mesibo_int_t (*on_call)(mesibo_module_t *mod);

    /* [entry] The state of a call has changed. The result is reported and changes nothing. */
    mesibo_int_t (*on_call_status)(mesibo_module_t *mod);

    /* [entry] A user logged in or out, as `user` says; it is valid until this returns. The result
     * is reported and changes nothing. */
    mesibo_int_t (*on_login)(mesibo_module_t *mod, mesibo_user_t *user);

    /* [entry] Something about the server's configuration. `type` says what, and so what `config`
     * points to, if anything; the SDK names no types yet. It is the host's, valid until this
     * returns. The result is reported and changes nothing. */
    mesibo_int_t (*on_config)(mesibo_module_t *mod, mesibo_uint_t type, void *config);

    void *custom_fns; /* the host's: nothing is defined behind it yet */

    mesibo_uint_t signature; /* the host's: MESIBO_MODULE_SIGNATURE */

    uintptr_t reserved_0; /* the host's, as the seven below */
    uintptr_t reserved_1;
    uintptr_t reserved_2;
    uintptr_t reserved_3;
    uintptr_t reserved_4;
    uintptr_t reserved_5;
    uintptr_t reserved_6;
    uintptr_t reserved_7;

    /* [any-thread] The host's, set before init. No `id` has a meaning yet: it returns
     * MESIBO_RESULT_FAIL for every one. */
    mesibo_int_t (*invoke)(mesibo_int_t id, mesibo_module_t *mod, ...);
};

/* The eight reserved words, where a mesibo_module_t is written as a list of values. */
#define MESIBO_MODULES_PADDING 0, 0, 0, 0, 0, 0, 0, 0

/* ---- Host functions ------------------------------------------------------------------------- */

/* `mod` is the struct that the module was given: with any other pointer these functions return
 * MESIBO_RESULT_FAIL (or NULL). Those without `mod` serve the module that the calling thread runs:
 * in a callback it is known, and in threads begun with mesibo_util_create_thread. */

/* [any-thread] Sends a message of the module's own. It does not run through the modules again
 * unless the host is told so.
 *
 * `params` with `to` or `groupid` set; `message` is `len` bytes, or NULL when `len` is 0. All of it
 * is copied.
 *
 * MESIBO_RESULT_OK: taken. MESIBO_RESULT_FAIL: refused, and the host logs why. */
mesibo_int_t mesibo_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                            const char *message, mesibo_uint_t len);

/* [any-thread] Logs a line, formatted as by printf; one newline at its end is taken off.
 *
 * Level 0 is always printed, a level above 0 up to what the configuration of the module says in its
 * item `log`. Returns MESIBO_RESULT_OK, also for a line that is not printed, or
 * MESIBO_RESULT_FAIL. */
mesibo_int_t mesibo_log(mesibo_module_t *mod, mesibo_uint_t level, const char *format, ...)
    MESIBO_ABI_PRINTF(3, 4);

/* [any-thread] The same, formatted as by vprintf: `args` is used up, end it with va_end. */
mesibo_int_t mesibo_vlog(mesibo_module_t *mod, mesibo_uint_t level, const char *format,
                         va_list args) MESIBO_ABI_PRINTF(3, 0);

/* [any-thread] The value of an item of the module's configuration, or NULL where it has none of
 * that name. The string is the one in mod->config: the host's, writable in place, valid until
 * on_cleanup has returned. */
char *mesibo_util_getconfig(mesibo_module_t *mod, const char *item_name);

/* [any-thread] Begins an HTTP request and returns at once; the callbacks in `req` get the answer.
 *
 * Struct and strings are copied. `cbdata` is handed to the callbacks as it is and must stay valid
 * until the last of them.
 *
 * MESIBO_RESULT_OK: accepted, the answer or a failure will come. MESIBO_RESULT_FAIL: refused, no
 * callback is ever called; `cbdata` is the caller's to free. */
mesibo_int_t mesibo_util_http(mesibo_http_t *req, void *cbdata);

/* [any-thread] Begins a request to a FastCGI server and returns at once; `cb` gets the answer, and
 * may be NULL when it does not matter.
 *
 * `host` is a name or an address, `port` its port; a `host` that starts with a slash is the path of
 * a Unix socket. `keepalive` not 0: the connection may serve further requests. Everything in `req`
 * is copied.
 *
 * MESIBO_RESULT_OK: accepted, `cb` will be called once. MESIBO_RESULT_FAIL: refused, it never
 * is; `cbdata` is the caller's to free. */
mesibo_int_t mesibo_util_fcgi(mesibo_fcgi_t *req, const char *host, mesibo_int_t port,
                              mesibo_int_t keepalive, mesibo_fcgi_ondata_t cb, void *cbdata);

/* [any-thread] Begins to connect and returns at once; the callbacks in `sock` get what comes of it.
 * Struct and strings are copied. `cbdata` must stay valid until on_close.
 *
 * MESIBO_RESULT_OK: begun, on_close will come in the end, connected or not. MESIBO_RESULT_FAIL:
 * refused, no callback is ever called; `cbdata` is the caller's to free. */
mesibo_int_t mesibo_util_socket_connect(mesibo_socket_t *sock, void *cbdata);

/* [any-thread] Queues `len` bytes, which are copied, for the connection `sock`, the `asock` of
 * on_connect; to a WebSocket, as one message. Returns the number of bytes queued, or
 * MESIBO_RESULT_FAIL: nothing is, the connection is gone. */
mesibo_int_t mesibo_util_socket_write(mesibo_int_t sock, const char *data, mesibo_int_t len);

/* [any-thread] Closes a connection; its on_close follows. One that is gone is left alone. */
void mesibo_util_socket_close(mesibo_int_t sock);

/* [any-thread] Finds the first value of `key`, at any depth, in JSON text, which is rewritten.
 *
 * `src` is `len` bytes, the module's own and writable: the value is made a NUL-terminated string
 * where it lies. A string comes back unescaped; a number, true, false or null as its text; an
 * object or an array as its JSON text. Nothing is written at or behind src[len].
 * `next`, where it is not NULL, gets the place behind the value: search on from there for the
 * following one.
 *
 * NULL: not found, or what stands before it is not JSON. */
char *mesibo_util_json_extract(char *src, mesibo_int_t len, const char *key, char **next);

/* [any-thread] A time in microseconds: the difference of two calls is what passed between them. */
mesibo_int_t mesibo_util_usec(void);

/* [any-thread] Begins a detached thread that runs fn(data) and belongs to the calling module: what
 * it calls is done in the module's name. Entries go on beside it. Before the library is unmapped
 * the host waits for `fn` to return: tell it to in on_cleanup.
 *
 * `data` is the module's own. `stacksize` in bytes; 0 is the host's default. `name` is for people
 * and is copied. Where no thread can be begun the host logs why, and `fn` never runs. */
void mesibo_util_create_thread(void *(*fn)(void *), void *data, size_t stacksize,
                               const char *name);

/* ---- The entry point ------------------------------------------------------------------------ */

/* [entry] mesibo_module_<name>_init: the first call, once for each load. `version` and `len` are
 * the host's MESIBO_MODULE_VERSION and sizeof(mesibo_module_t): begin with
 * MESIBO_MODULE_SANITY_CHECK before you trust any field. Host functions may be called from here on,
 * and mod->config is there.
 *
 * Return MESIBO_RESULT_OK. Anything else refuses the load: log why; no callback follows, not even
 * on_cleanup. The host looks at the low 32 bits, so an init may as well return int, as many do:
 * that is why this header does not declare it for -DMESIBO_MODULE=<name>. A C++ source needs
 * MESIBO_EXPORT before the definition. */
typedef mesibo_int_t (*mesibo_module_init_fn)(mesibo_int_t version, mesibo_module_t *mod,
                                              mesibo_int_t len);

/* At the top of init: where host and module do not agree, logs the first difference, with what was
 * expected and found, and returns MESIBO_RESULT_FAIL from init. `mod` is looked into last: in a
 * struct of another size the signature lies elsewhere. */
#define MESIBO_MODULE_SANITY_CHECK(mod, version, len)                                           \
    do {                                                                                        \
        if (MESIBO_MODULE_VERSION != (mesibo_int_t)(version)) {                                 \
            mesibo_log((mod), 0, "version does not match: expected %d, found %" PRIdPTR "\n",   \
                       MESIBO_MODULE_VERSION, (mesibo_int_t)(version));                         \
            return MESIBO_RESULT_FAIL;                                                          \
        }                                                                                       \
        if (sizeof(mesibo_module_t) != (mesibo_uint_t)(len)) {                                  \
            mesibo_log((mod), 0, "size does not match: expected %zu, found %" PRIdPTR "\n",     \
                       sizeof(mesibo_module_t), (mesibo_int_t)(len));                           \
            return MESIBO_RESULT_FAIL;                                                          \
        }                                                                                       \
        if (MESIBO_MODULE_SIGNATURE != (mod)->signature) {                                      \
            mesibo_log((mod), 0,                                                                \
                       "signature does not match: expected %" PRIXPTR ", found %" PRIXPTR "\n", \
                       (mesibo_uint_t)MESIBO_MODULE_SIGNATURE, (mod)->signature);               \
            return MESIBO_RESULT_FAIL;                                                          \
        }                                                                                       \
    } while (0)

/* ---- The tag -------------------------------------------------------------------------------- */

/* Tells which revision a compiled module was made for: an ELF note, the same in every file that
 * includes this header. It survives strip. -DMESIBO_ABI_NO_TAG leaves it out. */
#if defined(__ELF__) && defined(__GNUC__) && !defined(MESIBO_ABI_NO_TAG)
#if defined(__clang__) /* its sanitizer would put red zones between the notes */
#define MESIBO_ABI_PLAIN __attribute__((__no_sanitize__("address")))
#else
#define MESIBO_ABI_PLAIN
#endif
static const struct {
    uint32_t name_size, revision_size, type;
    char name[8], revision[8]; /* NUL-padded to 4 bytes, as a note wants it */
} mesibo_abi_tag __attribute__((__section__(".note.mesibo_abi"), __aligned__(4), __used__))
MESIBO_ABI_PLAIN = {7, 8, 1, "mesibo", "sdk2020"};
#endif

#if defined(__cplusplus)
}
#endif

#endif
