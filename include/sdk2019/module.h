/* module.h - the ABI between a Mesibo server module and its host, revision sdk2019.
 *
 * A module is a shared library mesibo_mod_<name>.so with one entry point,
 * mesibo_module_<name>_init. The host gives it a mesibo_module_t; the module fills in the callbacks
 * it wants and is called from then on. The host serves it through functions that the library leaves
 * undefined: they are resolved when it is loaded.
 *
 *     #include "module.h"
 *
 *     static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
 *                                    const char *message, mesibo_uint_t len) {
 *         mesibo_log(mod, 0, "%d bytes from %s\n", (int)len, params->from ? params->from : "?");
 *         return MESIBO_RESULT_PASS;
 *     }
 *
 *     MESIBO_EXPORT int mesibo_module_hello_init(mesibo_int_t version, mesibo_module_t *mod,
 *                                                mesibo_int_t len) {
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
#ifndef MESIBO_ABI_SDK2019_MODULE_H
#define MESIBO_ABI_SDK2019_MODULE_H

#if __SIZEOF_POINTER__ != 8
#error "a Mesibo module needs a target with 64-bit pointers: its signature has 64 bits"
#endif

#include <inttypes.h>
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
typedef struct _module_http_option_t module_http_option_t;

/* ---- Messages and users --------------------------------------------------------------------- */

/* About a message: in a callback, the one that came; for mesibo_message, the one that goes.
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
    int count; /* of items; 4 bytes, and 4 of padding behind it */
    module_config_item_t items[];
};

/* ---- HTTP ----------------------------------------------------------------------------------- */

/* Where a request stands. The callback of this revision sees all of them but DONE. */
typedef enum {
    MODULE_HTTP_STATE_REQUEST = 0,
    MODULE_HTTP_STATE_REQBODY = 1,
    MODULE_HTTP_STATE_RESPHEADER = 2,
    MODULE_HTTP_STATE_RESPBODY = 3,
    MODULE_HTTP_STATE_DONE = 4
} module_http_state_t;

/* [entry] How a request goes, and its answer, piece by piece. It never comes before the callback
 * that made the request has returned, unless the request is `synchronous` (or the host was told
 * that the module is thread-safe).
 *
 * `cbdata` is what was given to mesibo_http: the module's own, the host never looks behind it.
 * `state`: MODULE_HTTP_STATE_REQUEST and _REQBODY as request and body go out (`buffer` NULL, `size`
 * 0), _RESPHEADER with bytes of the header, _RESPBODY with bytes of the body.
 * `progress`, in percent: 1 to 99 while the body comes (50 where its length is unknown), 100 in
 * exactly one last call, whose `size` may be 0. Below 0: the request failed, `buffer` is NULL and
 * `size` 0. Nothing comes after 100 or a failure: free what belongs to `cbdata` there. Any HTTP
 * status is a success.
 * `buffer` is `size` bytes, those of the body decoded (no gzip, no chunks), without a NUL behind
 * them, the host's, valid until this returns.
 *
 * Return 0 to go on. Anything else cancels the request: then this was the last call. */
typedef mesibo_int_t (*mesibo_module_http_data_callback_t)(void *cbdata, mesibo_int_t state,
                                                           mesibo_int_t progress,
                                                           const char *buffer, mesibo_int_t size);

/* How a request is made. Zero the struct and set what you need: a string that is NULL is not sent,
 * a number that is 0 leaves the choice to the host, but `maxredirects` and `synchronous`. Strings
 * are NUL-terminated. Struct and strings are read during the call of mesibo_http and no longer. */
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

    /* Not 0: the callbacks come inside the call of mesibo_http, on its thread, and it returns when
     * the request is over. Meant for threads of the module's own: in a callback of the host it
     * keeps everybody waiting. The SDK has this field since November 2019; the host reads it only
     * of a module that is known to have it, as one that was compiled with this header. */
    mesibo_uint_t synchronous;
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
     * `message` is `len` bytes, the host's, valid until this returns, not to be written to. `len`
     * may be 0, and it alone says where the message ends: there may be NULs inside, and there need
     * not be one behind it.
     *
     * Return MESIBO_RESULT_PASS or MESIBO_RESULT_CONSUMED. MESIBO_RESULT_FAIL, or a number that is
     * none of the three, counts as a failure of this module and is reported with its name. */
    mesibo_int_t (*on_message)(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len);

    /* [entry] What became of a message, as a `status` of the messaging protocol. It goes to the
     * module that sent the message, or to all modules where none of them did. `params` as in
     * on_message. The result is reported and changes nothing. */
    mesibo_int_t (*on_message_status)(mesibo_module_t *mod, mesibo_message_params_t *params,
                                      mesibo_uint_t status);

    /* [entry] A user calls another; this revision hands over nothing about the call. The result is
     * reported and changes nothing. */
    mesibo_int_t (*on_call)(mesibo_module_t *mod);

    /* [entry] The state of a call has changed. The result is reported and changes nothing. */
    mesibo_int_t (*on_call_status)(mesibo_module_t *mod);

    /* [entry] A user logged in or out, as `user` says; it is valid until this returns. The result
     * is reported and changes nothing. */
    mesibo_int_t (*on_login)(mesibo_module_t *mod, mesibo_user_t *user);

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

/* [any-thread] Begins an HTTP request and returns at once (but see `synchronous`); `cb` gets the
 * answer.
 *
 * `post` NULL makes it a GET, else it is the NUL-terminated body of a POST. `opt` may be NULL.
 * Strings and options are copied. `cb` may be NULL when the answer does not matter. `cbdata` is
 * handed to `cb` as it is and must stay valid until the last call of `cb`.
 *
 * MESIBO_RESULT_OK: accepted, the answer or a failure will come. MESIBO_RESULT_FAIL: refused, `cb`
 * is never called; `cbdata` is the caller's to free. */
mesibo_int_t mesibo_http(mesibo_module_t *mod, const char *url, const char *post,
                         mesibo_module_http_data_callback_t cb, void *cbdata,
                         module_http_option_t *opt);

/* [any-thread] Logs a line, formatted as by printf; one newline at its end is taken off.
 *
 * Level 0 is always printed, a level above 0 up to what the configuration of the module says in its
 * item `log`. Returns MESIBO_RESULT_OK, also for a line that is not printed, or
 * MESIBO_RESULT_FAIL. */
mesibo_int_t mesibo_log(mesibo_module_t *mod, mesibo_uint_t level, const char *format, ...)
    MESIBO_ABI_PRINTF(3, 4);

/* [any-thread] The value of an item of the module's configuration, or NULL where it has none of
 * that name. The string is the one in mod->config: the host's, writable in place, valid until
 * on_cleanup has returned. */
char *mesibo_util_getconfig(mesibo_module_t *mod, const char *item_name);

/* [any-thread] Finds the first value of `key`, at any depth, in JSON text, which is rewritten.
 *
 * `src` is the module's own, NUL-terminated and writable: the value is made a NUL-terminated string
 * where it lies. A string comes back unescaped; a number, true, false or null as its text; an
 * object or an array as its JSON text. Nothing is written at or behind the NUL of `src`.
 * `next`, where it is not NULL, gets the place behind the value: search on from there for the
 * following one.
 *
 * NULL: not found, or what stands before it is not JSON. */
char *mesibo_util_json_extract(char *src, const char *key, char **next);

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
 * on_cleanup. The host looks at the low 32 bits, so an init may as well return mesibo_int_t:
 * that is why this header does not declare it for -DMESIBO_MODULE=<name>. A C++ source needs
 * MESIBO_EXPORT before the definition. */
typedef int (*mesibo_module_init_fn)(mesibo_int_t version, mesibo_module_t *mod, mesibo_int_t len);

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
MESIBO_ABI_PLAIN = {7, 8, 1, "mesibo", "sdk2019"};
#endif

#if defined(__cplusplus)
}
#endif

#endif
