# The mirror of csrc/interface/services.h, in its order, and nothing else.
from libc.stdint cimport int64_t, uint64_t

from .events cimport mh_host, mh_instance, mh_request

cdef extern from "host.h" nogil:
    ctypedef struct mh_http:
        const char *url
        const char *post
        size_t post_len
        const char *proxy
        const char *content_type
        const char *extra_header
        const char *user_agent
        const char *referrer
        const char *origin
        const char *cookie
        const char *encoding
        const char *cache_control
        const char *accept
        const char *etag
        uint64_t ims, maxredirects, conn_timeout, header_timeout, body_timeout
        uint64_t total_timeout, retries

    enum:
        MH_FCGI_PARAMS

    ctypedef struct mh_fcgi:
        const char *host
        int64_t port
        bint keepalive
        const char *body
        size_t body_len
        const char **names
        const char **values

    ctypedef struct mh_socket:
        const char *url
        const char *ws_protocol
        bint keepalive, verify_host

    ctypedef enum mh_request_kind:
        MH_HTTP
        MH_FCGI
        MH_SOCKET

    ctypedef struct mh_what:
        mh_request_kind kind
        bint synchronous
        mh_http http
        mh_fcgi fcgi
        mh_socket socket

    ctypedef enum mh_answer_kind:
        MH_ANSWER_REQUEST
        MH_ANSWER_REQBODY
        MH_ANSWER_HEADERS
        MH_ANSWER_BODY
        MH_ANSWER_FAILED
        MH_ANSWER_CANCELLED
        MH_ANSWER_CONNECTED
        MH_ANSWER_WRITTEN
        MH_ANSWER_DATA
        MH_ANSWER_CLOSED

    ctypedef struct mh_answer:
        mh_answer_kind kind
        int progress
        int64_t status
        const char *content_type
        const char *data
        size_t size

    ctypedef enum mh_given_kind:
        MH_GIVEN_MESSAGE
        MH_GIVEN_FORMAT
        MH_GIVEN_REQUEST
        MH_GIVEN_BYTES
        MH_GIVEN_JSON
        MH_GIVEN_ITEM
        MH_GIVEN_REFUSED

    ctypedef struct mh_receiver:
        int64_t (*sink)(const mh_receiver *, const mh_answer *) noexcept nogil
        void *cbdata
        void (*release)(void *) noexcept nogil
        int64_t number

    int64_t mh_script_http(mh_instance *from_, const mh_what *what, const mh_receiver *receiver)

    ctypedef enum mh_command_kind:
        MH_NO_COMMAND
        MH_START
        MH_WRITE
        MH_CLOSE
        MH_RESUME
        MH_CANCEL

    ctypedef struct mh_bytes:
        size_t size
        char data[]

    ctypedef struct mh_command:
        mh_command_kind kind
        mh_request *request
        mh_bytes *bytes
        uint64_t id

    int mh_wakeup_fd(const mh_host *host)
    void mh_clear_wakeup(mh_host *host)
    mh_command mh_take_command(mh_host *host)
    const mh_what *mh_request_what(const mh_request *request)
    int64_t mh_request_number(const mh_request *request)
    bint mh_request_over(const mh_request *request)
    size_t mh_request_backlog(const mh_request *request)
    bint mh_request_pause(mh_request *request, size_t size)
    bint mh_request_answer(mh_request *request, const mh_answer *answer)
    bint mh_request_answer_here(mh_request *request, const mh_answer *answer)
    void mh_request_unref(mh_request *request)
    bint mh_wait_idle(mh_host *host, double seconds)
    size_t mh_open_requests(mh_host *host)
