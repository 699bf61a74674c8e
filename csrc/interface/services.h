/* services.h - what modules ask for. HTTP requests, FastCGI requests and sockets are all requests: copied,
 * served by somebody else, and answered on the host's dispatcher thread. Strings may be NULL (not set),
 * numbers 0 (not set). */
#ifndef MESIBO_SERVICES_H
#define MESIBO_SERVICES_H

#include "events.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The optional strings of an HTTP request, in the order of the header. */
#define MH_HTTP_TEXTS(X) \
    X(proxy) X(content_type) X(extra_header) X(user_agent) X(referrer) X(origin) X(cookie) \
    X(encoding) X(cache_control) X(accept) X(etag)
#define MH_HTTP_NUMBERS(X) \
    X(ims) X(maxredirects) X(conn_timeout) X(header_timeout) X(body_timeout) X(total_timeout) \
    X(retries)
#define MH_TERMINATED SIZE_MAX /* as a length: up to the NUL */

typedef struct mh_http {
    const char *url, *post; /* post NULL: GET, else POST */
    size_t post_len;        /* or MH_TERMINATED */
#define MH_TEXT(field) const char *field;
#define MH_NUMBER(field) uint64_t field;
    MH_HTTP_TEXTS(MH_TEXT)
    MH_HTTP_NUMBERS(MH_NUMBER)
#undef MH_TEXT
#undef MH_NUMBER
} mh_http;

enum { MH_FCGI_PARAMS = 24 };

typedef struct mh_fcgi {
    const char *host; /* a path: a Unix socket */
    int64_t port;
    bool keepalive;
    const char *body;
    size_t body_len;
    const char *names[MH_FCGI_PARAMS]; /* static strings; NULL behind the last */
    const char *values[MH_FCGI_PARAMS];
} mh_fcgi;

typedef struct mh_socket {
    const char *url, *ws_protocol;
    bool keepalive, verify_host;
} mh_socket;

typedef enum mh_request_kind { MH_HTTP, MH_FCGI, MH_SOCKET } mh_request_kind;

typedef struct mh_what {
    mh_request_kind kind;
    bool synchronous; /* the call returns behind the last answer, which come on its own thread */
    union {
        mh_http http;
        mh_fcgi fcgi;
        mh_socket socket;
    };
} mh_what;

typedef enum mh_answer_kind {
    MH_ANSWER_REQUEST,   /* http: the request line and headers went out */
    MH_ANSWER_REQBODY,   /* http: the body went out */
    MH_ANSWER_HEADERS,   /* http: status, content_type, data: the header bytes */
    MH_ANSWER_BODY,      /* http, fcgi: data, progress; 100 is the last */
    MH_ANSWER_FAILED,    /* the last */
    MH_ANSWER_CANCELLED, /* the last: the sink itself cancelled, by returning non-zero */
    MH_ANSWER_CONNECTED, /* socket: status is the descriptor */
    MH_ANSWER_WRITTEN,   /* socket: everything that was queued went out */
    MH_ANSWER_DATA,      /* socket: data */
    MH_ANSWER_CLOSED     /* socket: the last; it was connected and ended in order */
} mh_answer_kind;

typedef struct mh_answer {
    mh_answer_kind kind;
    int progress;
    int64_t status;
    const char *content_type; /* NUL-terminated; NULL: it has none */
    const char *data;
    size_t size;
} mh_answer;

/* What a module gives to a host function: see mh_hooks.witness. */
typedef enum mh_given_kind {
    MH_GIVEN_MESSAGE, /* params, bytes, len: to send */
    MH_GIVEN_FORMAT,  /* bytes: of a line to log, to the NUL; args: a copy of what it is about */
    MH_GIVEN_REQUEST, /* what */
    MH_GIVEN_BYTES,   /* bytes, len: for a socket */
    MH_GIVEN_JSON,    /* bytes, len: to look for a value in */
    MH_GIVEN_ITEM,    /* bytes: the name of an item of its configuration, to the NUL */
    MH_GIVEN_REFUSED  /* bytes: the host's own line, why it refused something that was given */
} mh_given_kind;

typedef struct mh_given {
    mh_given_kind kind;
    const mh_params *params;
    const char *bytes;
    uint64_t len;
    const mh_what *what;
    va_list *args;
} mh_given;

/* Where answers go. The sink runs on the host's dispatcher thread (or the closing one, or for a
 * synchronous request the caller's) with the module entered; non-zero cancels. */
typedef struct mh_receiver mh_receiver;
struct mh_receiver {
    int64_t (*sink)(const mh_receiver *receiver, const mh_answer *answer);
    void (*callbacks[4])(void);     /* the module's */
    void *cbdata;                   /* the module's */
    void (*release)(void *cbdata);  /* may be NULL; called when the request is forgotten */
    unsigned unwanted; /* bits 1 << mh_answer_kind of answers that the sink does nothing with */
    int64_t number;    /* set by the core: a socket's number */
    uint64_t far;      /* of a module in a process of its own: what it is known by there, */
    uint32_t life;     /* and which of its processes asked; 0: it is in this one */
    /* A synchronous request whose answers are taken one by one (mh_request_take): there is one, or the
     * module is being closed. With a lock held: wake who waits, and no more. NULL: the caller waits. */
    void (*waiting)(const mh_receiver *receiver);
};

/* 0 accepted: exactly one last answer follows; -1 refused: none does, and `release` was called. For a
 * socket `receiver->number` is what modules know it by: within 31 bits, never reused. */
int64_t mh_submit(mh_instance *from, const mh_what *what, const mh_receiver *receiver);
int64_t mh_script_http(mh_instance *from, const mh_what *what, const mh_receiver *receiver);

/* Queues bytes for a socket: how many, or -1: no such socket, or its queue is full. From any thread. */
int64_t mh_socket_write(int64_t number, const char *data, int64_t len);
/* What is queued goes out, then it closes. */
void mh_socket_close(int64_t number);

/* ---- Serving them ----------------------------------------------------------------------------- */

typedef enum mh_command_kind {
    MH_NO_COMMAND,
    MH_START,
    MH_WRITE, /* a socket: `bytes` are to go out */
    MH_CLOSE, /* a socket: what was written goes out, then it closes */
    MH_RESUME,
    MH_CANCEL
} mh_command_kind;

typedef struct mh_bytes {
    struct mh_bytes *next;
    size_t size;
    char data[];
} mh_bytes;

typedef struct mh_command {
    mh_command_kind kind;
    mh_request *request; /* MH_START: held by the taker (mh_request_unref), until its last answer */
    mh_bytes *bytes;     /* MH_WRITE: the taker's to free(3) */
    uint64_t id;         /* never reused in a process */
} mh_command;

int mh_wakeup_fd(const mh_host *host); /* readable while commands or log lines wait */
void mh_clear_wakeup(mh_host *host);
mh_command mh_take_command(mh_host *host);
const mh_what *mh_request_what(const mh_request *request);
int64_t mh_request_number(const mh_request *request); /* a socket's */
bool mh_request_over(const mh_request *request);
size_t mh_request_backlog(const mh_request *request); /* body bytes the module has not had yet */
/* True: the backlog is above `size`, and MH_RESUME comes once it is below half of that. */
bool mh_request_pause(mh_request *request, size_t size);
/* Copies the answer for the dispatcher. False: it is over, nobody wants more. A failure's `data` is
 * the reason, for the log. */
bool mh_request_answer(mh_request *request, const mh_answer *answer);
/* [enters] The same, but that the module is called here and now, on this thread: for those who play a
 * network. Not mixed with the other for one request. */
bool mh_request_answer_here(mh_request *request, const mh_answer *answer);
void mh_request_unref(mh_request *request);
/* Waits until no request is open: true, or false after `seconds` (negative: no bound). */
bool mh_wait_idle(mh_host *host, double seconds);
size_t mh_open_requests(mh_host *host);

#endif
