/* module.h - the ABI between a Mesibo server module and its host, revision doc2019.
 *
 * A module is a shared library mesibo_mod_<name>.so with one entry point,
 * mesibo_module_<name>_init. The host gives it a mesibo_module_t; the module fills in the callbacks
 * it wants and is called from then on. The host serves it through the function pointers in the
 * same struct.
 *
 *     #include "module.h"
 *
 *     static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
 *                           const char *message, mesibo_uint_t len) {
 *         mod->log(mod, 0, "%d bytes from %s\n", (int)len, params->from ? params->from : "?");
 *         return MESIBO_RESULT_PASS;
 *     }
 *
 *     MESIBO_EXPORT int mesibo_module_hello_init(mesibo_module_t *mod, mesibo_uint_t len) {
 *         if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
 *             return MESIBO_RESULT_FAIL;
 *         mod->name = "hello";
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
 *               cleanup has returned.
 *
 * Memory. What the host hands in belongs to the host and is valid until the callback returns;
 * keep a copy of what you need longer. What the module hands out is copied before the host
 * function returns: it may live on the stack.
 *
 * C11 and C++11 or later. Sizes and offsets are frozen: no field ever moves. */
#ifndef MESIBO_ABI_DOC2019_MODULE_H
#define MESIBO_ABI_DOC2019_MODULE_H

#if __SIZEOF_POINTER__ != 8
#error "a Mesibo module needs a target with 64-bit pointers: its signature has 64 bits"
#endif

#include <inttypes.h>
#include <time.h>

/* Before the definition of the entry point: C linkage, and visible under -fvisibility=hidden. */
#if defined(__GNUC__)
#define MESIBO_ABI_VISIBLE __attribute__((__visibility__("default")))
#define MESIBO_ABI_PRINTF(format, first) __attribute__((__format__(__printf__, format, first)))
#else
#define MESIBO_ABI_VISIBLE
#define MESIBO_ABI_PRINTF(format, first)
#endif

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

/* What mod->signature and mod->version hold. Init checks the signature before anything else. */
#define MESIBO_MODULE_SIGNATURE 0xAA55773388FF1100
#define MESIBO_MODULE_VERSION 1

/* What init, cleanup and the host functions return. */
#define MESIBO_RESULT_OK 0
#define MESIBO_RESULT_FAIL (-1)

/* What on_message decides, or MESIBO_RESULT_FAIL. */
#define MESIBO_RESULT_PASS 0     /* on to the next module, then to the recipient */
#define MESIBO_RESULT_CONSUMED 1 /* stop: no further module and no recipient gets it */

typedef struct mesibo_module_s mesibo_module_t;
typedef struct mesibo_message_params_s mesibo_message_params_t;
typedef struct _module_http_option_t module_http_option_t;

/* ---- Messages ------------------------------------------------------------------------------- */

/* About a message: in a callback, the one that came; for send_message, the one that goes.
 *
 * In a callback the struct and both strings are the host's own copies for this module and this
 * call. They may be written to; nobody sees the changes. */
struct mesibo_message_params_s {
    mesibo_uint_t aid;       /* the application that the users belong to */
    mesibo_uint_t id;        /* the message */
    mesibo_uint_t refid;     /* the message that this one refers to; 0: none */
    mesibo_uint_t groupid;   /* the group it goes to; 0: none */
    mesibo_uint_t flags;     /* bits of the messaging protocol; pass them on as they are */
    mesibo_uint_t type;      /* the application's own kind of message */
    mesibo_uint_t expiry;    /* seconds to keep it for a recipient who is offline */
    mesibo_uint_t to_online; /* not 0: the recipient is online */

    char *to;   /* the recipient, NUL-terminated; NULL: none, as in a group message */
    char *from; /* the sender, NUL-terminated; may be NULL */
};

/* ---- HTTP ----------------------------------------------------------------------------------- */

/* Where a request stands. The callback of this revision sees RESPBODY alone. */
typedef enum {
    MODULE_HTTP_STATE_REQUEST = 0,
    MODULE_HTTP_STATE_REQBODY = 1,
    MODULE_HTTP_STATE_RESPHEADER = 2,
    MODULE_HTTP_STATE_RESPBODY = 3,
    MODULE_HTTP_STATE_DONE = 4
} module_http_state_t;

/* [entry] The answer to a request, piece by piece. It never comes before the callback that made
 * the request has returned (but to a module that the host was told is thread-safe).
 *
 * `cbdata` is what was given to http: the module's own, the host never looks behind it.
 * `state` is MODULE_HTTP_STATE_RESPBODY.
 * `progress`, in percent: 1 to 99 while the body comes (50 where its length is unknown), 100 in
 * exactly one last call, whose `size` may be 0. Below 0: the request failed, `buffer` is NULL and
 * `size` 0. Nothing comes after 100 or a failure: free what belongs to `cbdata` there. Any HTTP
 * status is a success.
 * `buffer` is `size` bytes of the body, decoded (no gzip, no chunks), without a NUL behind them,
 * the host's, valid until this returns.
 *
 * Return 0 to go on. Anything else cancels the request: then this was the last call. */
typedef int (*mesibo_module_http_data_callback_t)(void *cbdata, mesibo_int_t state,
                                                  mesibo_int_t progress, const char *buffer,
                                                  mesibo_int_t size);

/* How a request is made. Zero the struct and set what you need: a string that is NULL is not sent,
 * a number that is 0 leaves the choice to the host, but `maxredirects`. Strings are
 * NUL-terminated. Struct and strings are read during the call of http and no longer. */
struct _module_http_option_t {
    const char *proxy;         /* URL of a proxy */
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
    mesibo_uint_t maxredirects;   /* how many redirects to follow; 0: none */
    mesibo_uint_t conn_timeout;   /* seconds until connected */
    mesibo_uint_t header_timeout; /* seconds until the header of the answer is there */
    mesibo_uint_t body_timeout;   /* seconds until its body is there */
    mesibo_uint_t total_timeout;  /* seconds for all of it */
    mesibo_uint_t retries;        /* how often to try again after a failure */
};

/* ---- The module ----------------------------------------------------------------------------- */

/* One load of a module: a library that is configured twice gets two of these, while its globals
 * are shared. The host allocates and zeroes the struct and owns it; never free it. It stays where
 * it is until cleanup has returned. Write only what is marked as the module's. */
struct mesibo_module_s {
    mesibo_uint_t version; /* the host's: MESIBO_MODULE_VERSION */
    mesibo_uint_t flags;   /* the module's; 0 where it has none */
    const char *name;      /* the module's: set in init, NUL-terminated, valid until cleanup */

    /* Callbacks, the module's to set in init. One that stays NULL is skipped. */

    /* [entry] The last call, once, and only after an init that succeeded. Requests are over by
     * then. Free what the module holds and end its threads; the library may be unmapped next. The
     * result is reported and changes nothing. */
    int (*cleanup)(mesibo_module_t *mod);

    /* [entry] A message on its way to the recipient.
     *
     * `message` is `len` bytes, the host's, valid until this returns, not to be written to. `len`
     * may be 0, and it alone says where the message ends: there may be NULs inside, and there need
     * not be one behind it.
     *
     * Return MESIBO_RESULT_PASS or MESIBO_RESULT_CONSUMED. MESIBO_RESULT_FAIL, or a number that is
     * none of the three, counts as a failure of this module and is reported with its name. */
    int (*on_message)(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len);

    /* [entry] What became of a message, as a `status` of the messaging protocol. It goes to the
     * module that sent the message, or to all modules where none of them did. `params` as in
     * on_message. The result is reported and changes nothing. */
    int (*on_message_status)(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status);

    /* [entry] A user calls another; this revision hands over nothing about the call. The result is
     * reported and changes nothing. */
    int (*on_call)(mesibo_module_t *mod);

    /* [entry] The state of a call has changed. The result is reported and changes nothing. */
    int (*on_call_status)(mesibo_module_t *mod);

    mesibo_uint_t signature; /* the host's: MESIBO_MODULE_SIGNATURE */

    /* Host functions, set by the host before init; never write to them. `mod` is the struct that
     * the module was given: with any other pointer they return MESIBO_RESULT_FAIL. */

    /* [any-thread] Sends a message of the module's own. It does not run through the modules again
     * unless the host is told so.
     *
     * `params` with `to` or `groupid` set; `message` is `len` bytes, or NULL when `len` is 0. All
     * of it is copied.
     *
     * MESIBO_RESULT_OK: taken. MESIBO_RESULT_FAIL: refused, and the host logs why. */
    int (*send_message)(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                        mesibo_uint_t len);

    /* [any-thread] Begins an HTTP request and returns at once; `cb` gets the answer.
     *
     * `post` NULL makes it a GET, else it is the NUL-terminated body of a POST. `opt` may be NULL.
     * Strings and options are copied. `cb` may be NULL when the answer does not matter. `cbdata` is
     * handed to `cb` as it is and must stay valid until the last call of `cb`.
     *
     * MESIBO_RESULT_OK: accepted, the answer or a failure will come. MESIBO_RESULT_FAIL: refused,
     * `cb` is never called; `cbdata` is the caller's to free. */
    int (*http)(mesibo_module_t *mod, const char *url, const char *post,
                mesibo_module_http_data_callback_t cb, void *cbdata, module_http_option_t *opt);

    /* [any-thread] Logs a line, formatted as by printf; one newline at its end is taken off.
     *
     * Level 0 is always printed, a level above 0 up to what the configuration of the module says
     * in its item `log`. Returns MESIBO_RESULT_OK, also for a line that is not printed, or
     * MESIBO_RESULT_FAIL. */
    int (*log)(mesibo_module_t *mod, mesibo_uint_t level, const char *format, ...)
        MESIBO_ABI_PRINTF(3, 4);
};

/* ---- The entry point ------------------------------------------------------------------------ */

/* [entry] mesibo_module_<name>_init: the first call, once for each load. `len` is the host's
 * sizeof(mesibo_module_t): compare it with your own, and the signature, before you trust any other
 * field. Host functions may be called from here on.
 *
 * Return MESIBO_RESULT_OK. Anything else refuses the load: log why; no callback follows, not even
 * cleanup. */
typedef int (*mesibo_module_init_fn)(mesibo_module_t *mod, mesibo_uint_t len);

/* Builds say -DMESIBO_MODULE=<name>. The entry point is declared here then, so that it has C
 * linkage and is visible even where its definition lacks MESIBO_EXPORT. */
#if defined(MESIBO_MODULE)
#define MESIBO_ABI_PASTE(name) mesibo_module_##name##_init
#define MESIBO_ABI_ENTRY(name) MESIBO_ABI_PASTE(name)
MESIBO_EXPORT int MESIBO_ABI_ENTRY(MESIBO_MODULE)(mesibo_module_t *mod, mesibo_uint_t len);
#endif

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
MESIBO_ABI_PLAIN = {7, 8, 1, "mesibo", "doc2019"};
#endif

#if defined(__cplusplus)
}
#endif

#endif
