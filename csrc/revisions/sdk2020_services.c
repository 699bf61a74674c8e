/* sdk2020_services.c - HTTP, FastCGI and sockets of that revision: what a module asks for, in the core's words,
 * and the answers, in its own. */
#define _GNU_SOURCE
#define MESIBO_ABI_NO_TAG
#include "sdk2020/module.h"

#include "guest.h"
#include "sdk2020.h"

FREEZE_SIZE(mesibo_http_t, 160);
FREEZE(mesibo_http_t, url, 0);
FREEZE(mesibo_http_t, etag, 88);
FREEZE(mesibo_http_t, ims, 96);
FREEZE(mesibo_http_t, total_timeout, 128);
FREEZE(mesibo_http_t, on_data, 136);
FREEZE(mesibo_http_t, on_status, 144);
FREEZE(mesibo_http_t, on_close, 152);

FREEZE_SIZE(mesibo_fcgi_t, 200);
FREEZE(mesibo_fcgi_t, USER, 0);
FREEZE(mesibo_fcgi_t, HTTP_ACCEPT_LANGUAGE, 176);
FREEZE(mesibo_fcgi_t, body, 184);
FREEZE(mesibo_fcgi_t, bodylen, 192);

FREEZE_SIZE(mesibo_socket_t, 72);
FREEZE(mesibo_socket_t, url, 0);
FREEZE(mesibo_socket_t, ws_protocol, 8);
FREEZE(mesibo_socket_t, keepalive, 16);
FREEZE(mesibo_socket_t, verify_host, 24);
FREEZE(mesibo_socket_t, ssl_ctx, 32);
FREEZE(mesibo_socket_t, on_connect, 40);
FREEZE(mesibo_socket_t, on_write, 48);
FREEZE(mesibo_socket_t, on_data, 56);
FREEZE(mesibo_socket_t, on_close, 64);

/* ---- HTTP --------------------------------------------------------------------------------------- */

enum { ON_DATA, ON_STATUS, ON_CLOSE };

static int64_t http_data(const mh_receiver *receiver, module_http_state_t state, int progress,
                         const char *data, size_t size) {
    mesibo_http_ondata_t on_data = (mesibo_http_ondata_t)receiver->callbacks[ON_DATA];
    if (on_data == NULL)
        return 0;
    return MH_CROSSING(NULL, HTTP_ON_DATA,
                       mh_say_answer(crossing, receiver->cbdata, state, progress, data, size),
                       (int32_t)on_data(receiver->cbdata, state, progress, data, (mesibo_int_t)size));
}

static int64_t call_close(mesibo_http_onclose_t on_close, void *cbdata, mesibo_int_t result) {
    on_close(cbdata, result);
    return 0;
}

static void http_close(const mh_receiver *receiver, mesibo_int_t result) {
    mesibo_http_onclose_t on_close = (mesibo_http_onclose_t)receiver->callbacks[ON_CLOSE];
    if (on_close != NULL)
        MH_CROSSING_OF(mh_crossed_void, NULL, HTTP_ON_CLOSE,
                       mh_say_end(crossing, receiver->cbdata, result),
                       call_close(on_close, receiver->cbdata, result));
}

static int64_t http_headers(const mh_receiver *receiver, const mh_answer *answer) {
    mesibo_http_onstatus_t on_status = (mesibo_http_onstatus_t)receiver->callbacks[ON_STATUS];
    int64_t code = http_data(receiver, MODULE_HTTP_STATE_RESPHEADER, 0, answer->data, answer->size);
    if (code == 0 && on_status != NULL) /* only on_data cancels: some return the status here */
        MH_CROSSING(NULL, HTTP_ON_STATUS,
                    mh_say_status(crossing, receiver->cbdata, answer->status, answer->content_type),
                    on_status(receiver->cbdata, answer->status, answer->content_type));
    return code;
}

/* Exactly one terminal call: modules free their context there. */
static int64_t http_body(const mh_receiver *receiver, const mh_answer *answer) {
    int64_t code = http_data(receiver, MODULE_HTTP_STATE_RESPBODY, answer->progress, answer->data,
                             answer->size);
    if (answer->progress < 100)
        return code;
    if (code == 0)
        code = http_data(receiver, MODULE_HTTP_STATE_DONE, 100, NULL, 0);
    http_close(receiver, code == 0 ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL);
    return 0;
}

static int64_t http_sink(const mh_receiver *receiver, const mh_answer *answer) {
    switch (answer->kind) {
    case MH_ANSWER_REQUEST: return http_data(receiver, MODULE_HTTP_STATE_REQUEST, 0, NULL, 0);
    case MH_ANSWER_REQBODY: return http_data(receiver, MODULE_HTTP_STATE_REQBODY, 0, NULL, 0);
    case MH_ANSWER_HEADERS: return http_headers(receiver, answer);
    case MH_ANSWER_BODY: return http_body(receiver, answer);
    case MH_ANSWER_FAILED:
        if (receiver->callbacks[ON_DATA] != NULL)
            http_data(receiver, MODULE_HTTP_STATE_RESPBODY, -1, NULL, 0);
        else
            http_close(receiver, MESIBO_RESULT_FAIL);
        return 0;
    case MH_ANSWER_CANCELLED: http_close(receiver, MESIBO_RESULT_FAIL); return 0;
    default: return 0;
    }
}

int64_t mh_sdk2020_http(mh_instance *caller, void *request, void *cbdata) {
    const mesibo_http_t *from = request;
    if (from == NULL) {
        mh_report(caller, "http refused: the request is NULL; pass a mesibo_http_t");
        return MESIBO_RESULT_FAIL;
    }
    mh_what what = {
        .kind = MH_HTTP,
        .http = {TAKE_WORD(url) TAKE_WORD(post).post_len = MH_TERMINATED, TAKE_WORD(content_type)
                 TAKE_WORD(extra_header) TAKE_WORD(user_agent) TAKE_WORD(referrer)
                 TAKE_WORD(origin) TAKE_WORD(cookie) TAKE_WORD(encoding) TAKE_WORD(cache_control)
                 TAKE_WORD(accept) TAKE_WORD(etag) TAKE_WORD(ims) TAKE_WORD(conn_timeout)
                 TAKE_WORD(header_timeout) TAKE_WORD(body_timeout) TAKE_WORD(total_timeout)}};
    mh_receiver receiver = {.sink = http_sink,
                            .callbacks = {[ON_DATA] = (void (*)(void))from->on_data,
                                          [ON_STATUS] = (void (*)(void))from->on_status,
                                          [ON_CLOSE] = (void (*)(void))from->on_close},
                            .cbdata = cbdata};
    return mh_submit(caller, &what, &receiver);
}

/* ---- FastCGI ------------------------------------------------------------------------------------ */

#define FCGI_PARAMS(X) \
    X(USER) X(SCRIPT_FILENAME) X(QUERY_STRING) X(CONTENT_TYPE) X(SCRIPT_NAME) X(REQUEST_URI) \
    X(DOCUMENT_URI) X(DOCUMENT_ROOT) X(SERVER_PROTOCOL) X(REQUEST_SCHEME) X(REMOTE_ADDR) \
    X(REMOTE_PORT) X(SERVER_ADDR) X(SERVER_PORT) X(SERVER_NAME) X(HTTP_HOST) X(HTTP_CONNECTION) \
    X(HTTP_CACHE_CONTROL) X(HTTP_UPGRADE_INSECURE_REQUESTS) X(HTTP_USER_AGENT) X(HTTP_ACCEPT) \
    X(HTTP_ACCEPT_ENCODING) X(HTTP_ACCEPT_LANGUAGE)

static int64_t fcgi_sink(const mh_receiver *receiver, const mh_answer *answer) {
    mesibo_fcgi_ondata_t on_data = (mesibo_fcgi_ondata_t)receiver->callbacks[ON_DATA];
    bool failed = answer->kind == MH_ANSWER_FAILED;
    if (on_data == NULL || (!failed && answer->kind != MH_ANSWER_BODY))
        return 0;
    mesibo_int_t result = failed ? MESIBO_RESULT_FAIL : MESIBO_RESULT_OK;
    const char *data = failed ? NULL : answer->data;
    size_t size = failed ? 0 : answer->size;
    MH_CROSSING(NULL, FCGI_ON_DATA,
                mh_say_result(crossing, receiver->cbdata, result, data, size),
                on_data(receiver->cbdata, result, data, (mesibo_int_t)size));
    return 0;
}

int64_t mh_sdk2020_fcgi(mh_instance *caller, void *request, const char *host, int64_t port,
                        int64_t keepalive, void (*callback)(void), void *cbdata) {
    const mesibo_fcgi_t *from = request;
    if (from == NULL) {
        mh_report(caller, "fastcgi refused: the request is NULL; pass a mesibo_fcgi_t");
        return MESIBO_RESULT_FAIL;
    }
    mh_what what = {.kind = MH_FCGI,
                    .fcgi = {.host = host,
                             .port = port,
                             .keepalive = keepalive != 0,
                             .body = from->body,
                             .body_len = from->body != NULL ? from->bodylen : 0}};
    size_t count = 0;
#define TAKE(field) \
    if (from->field != NULL) { \
        what.fcgi.names[count] = #field; \
        what.fcgi.values[count++] = from->field; \
    }
    FCGI_PARAMS(TAKE)
#undef TAKE
    mh_receiver receiver = {
        .sink = fcgi_sink, .callbacks = {[ON_DATA] = callback}, .cbdata = cbdata};
    return mh_submit(caller, &what, &receiver);
}

/* ---- Sockets ------------------------------------------------------------------------------------ */

enum { SOCKET_CONNECT, SOCKET_WRITE, SOCKET_DATA, SOCKET_CLOSE };

static void socket_close(const mh_receiver *receiver, mesibo_int_t type) {
    mesibo_socket_onclose_t on_close = (mesibo_socket_onclose_t)receiver->callbacks[SOCKET_CLOSE];
    if (on_close != NULL)
        MH_CROSSING_OF(mh_crossed_void, NULL, SOCKET_ON_CLOSE,
                       mh_say_end(crossing, receiver->cbdata, type),
                       call_close(on_close, receiver->cbdata, type));
}

static int64_t call_connect(mesibo_socket_onconnect_t on_connect, const mh_receiver *receiver,
                            int64_t descriptor) {
    on_connect(receiver->cbdata, receiver->number, descriptor);
    return 0;
}

static int64_t call_write(mesibo_socket_onwrite_t on_write, void *cbdata) {
    on_write(cbdata);
    return 0;
}

static int64_t socket_sink(const mh_receiver *receiver, const mh_answer *answer) {
    mesibo_socket_onconnect_t on_connect =
        (mesibo_socket_onconnect_t)receiver->callbacks[SOCKET_CONNECT];
    mesibo_socket_onwrite_t on_write = (mesibo_socket_onwrite_t)receiver->callbacks[SOCKET_WRITE];
    mesibo_socket_ondata_t on_data = (mesibo_socket_ondata_t)receiver->callbacks[SOCKET_DATA];
    switch (answer->kind) {
    case MH_ANSWER_CONNECTED:
        if (on_connect != NULL)
            MH_CROSSING_OF(mh_crossed_void, NULL, SOCKET_ON_CONNECT,
                           mh_say_connected(crossing, receiver->cbdata, receiver->number,
                                            answer->status),
                           call_connect(on_connect, receiver, answer->status));
        return 0;
    case MH_ANSWER_WRITTEN:
        if (on_write != NULL)
            MH_CROSSING_OF(mh_crossed_void, NULL, SOCKET_ON_WRITE,
                           mh_say_pointer(crossing, MH_ARG_cbdata, receiver->cbdata),
                           call_write(on_write, receiver->cbdata));
        return 0;
    case MH_ANSWER_DATA:
        return on_data == NULL
                   ? 0
                   : MH_CROSSING(NULL, SOCKET_ON_DATA,
                                 mh_say_data(crossing, receiver->cbdata, answer->data, answer->size),
                                 (int32_t)on_data(receiver->cbdata, answer->data,
                                                  (mesibo_int_t)answer->size));
    case MH_ANSWER_CLOSED:
    case MH_ANSWER_CANCELLED: socket_close(receiver, MESIBO_RESULT_OK); return 0;
    case MH_ANSWER_FAILED: socket_close(receiver, MESIBO_RESULT_FAIL); return 0;
    default: return 0;
    }
}

int64_t mh_sdk2020_socket(mh_instance *caller, void *socket, void *cbdata) {
    const mesibo_socket_t *from = socket;
    if (from == NULL) {
        mh_report(caller, "socket refused: the socket is NULL; pass a mesibo_socket_t");
        return MESIBO_RESULT_FAIL;
    }
    mh_what what = {.kind = MH_SOCKET,
                    .socket = {.url = from->url,
                               .ws_protocol = from->ws_protocol,
                               .keepalive = from->keepalive != 0,
                               .verify_host = from->verify_host != 0}};
    mh_receiver receiver = {.sink = socket_sink,
                            .callbacks = {(void (*)(void))from->on_connect,
                                          (void (*)(void))from->on_write,
                                          (void (*)(void))from->on_data,
                                          (void (*)(void))from->on_close},
                            .cbdata = cbdata};
    return mh_submit(caller, &what, &receiver);
}
