# cython: language_level=3, binding=False
"""Requests of modules, HTTP, FastCGI and sockets: what a Python module asks for, and what the
services answer."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from .core cimport *
from .failures cimport upcall_error
from .upcalls cimport come_up, go_down
from .values cimport c_text, optional_text


# ---- Asking ------------------------------------------------------------------------------------------


cdef int64_t answer_upcall(const mh_receiver *receiver, const mh_answer *answer) noexcept nogil:
    cdef int64_t result
    if not come_up():
        return -1
    with gil:
        result = (<AnswerSink>receiver.cbdata).answer(answer)
    go_down()
    return result


cdef void release_upcall(void *cbdata) noexcept nogil:
    if not come_up():
        return
    with gil:
        Py_DECREF(<AnswerSink>cbdata)
    go_down()


cdef class AnswerSink:
    """Where the answers to a Python module's request go."""

    cdef mh_instance *instance  # alive for as long as the request is
    cdef object handler

    cdef int64_t answer(self, const mh_answer *answer):
        data = b"" if answer.data == NULL else PyBytes_FromStringAndSize(
            answer.data, <Py_ssize_t>answer.size)
        try:
            return bool(self.handler(<int>answer.kind, answer.progress, answer.status, data))
        except BaseException as error:
            return upcall_error(self.instance, error, "http callback")


cdef int64_t submit(mh_instance *instance, str url, bytes post, dict options, object handler) except? -2:
    """As `mod->http`: 0, or -1 when it was refused. `handler(kind, progress, status, data)` gets
    the answers, and answers True to cancel."""
    cdef mh_what asked
    cdef mh_http *what = &asked.http
    cdef mh_receiver receiver
    cdef AnswerSink sink = AnswerSink.__new__(AnswerSink)
    memset(&asked, 0, sizeof(asked))
    memset(&receiver, 0, sizeof(receiver))
    asked.kind = MH_HTTP
    kept = [c_text(url)]
    what.url = kept[0]
    if post is not None:
        what.post = PyBytes_AS_STRING(post)
        what.post_len = <size_t>PyBytes_GET_SIZE(post)
    what.proxy = option_text(options, "proxy", kept)
    what.content_type = option_text(options, "content_type", kept)
    what.extra_header = option_text(options, "extra_header", kept)
    what.user_agent = option_text(options, "user_agent", kept)
    what.referrer = option_text(options, "referrer", kept)
    what.origin = option_text(options, "origin", kept)
    what.cookie = option_text(options, "cookie", kept)
    what.encoding = option_text(options, "encoding", kept)
    what.cache_control = option_text(options, "cache_control", kept)
    what.accept = option_text(options, "accept", kept)
    what.etag = option_text(options, "etag", kept)
    what.ims = options.get("ims", 0)
    what.maxredirects = options.get("maxredirects", 0)
    what.conn_timeout = options.get("conn_timeout", 0)
    what.header_timeout = options.get("header_timeout", 0)
    what.body_timeout = options.get("body_timeout", 0)
    what.total_timeout = options.get("total_timeout", 0)
    what.retries = options.get("retries", 0)
    sink.instance = instance
    sink.handler = handler
    Py_INCREF(sink)  # the request's; release_upcall gives it back
    receiver.sink = answer_upcall
    receiver.cbdata = <void *>sink
    receiver.release = release_upcall
    return mh_script_http(instance, &asked, &receiver)


cdef const char *option_text(dict options, str name, list kept) except? NULL:
    value = options.get(name)
    if value is None:
        return NULL
    kept.append(c_text(value))
    return PyBytes_AS_STRING(kept[-1])


# ---- Serving -------------------------------------------------------------------------------------


cdef class Exchange:
    """One request of a module, for the service that serves it (services/exchange.py and its like say
    what a service may do). `known` is where the host keeps the open ones, by their number."""

    cdef mh_request *request
    cdef dict known, asked
    cdef uint64_t id
    cdef readonly str kind
    cdef public bint here
    """Whether the module is called by who answers, on that thread, and not later by the dispatcher."""

    def __init__(self):
        raise TypeError("exchanges come from a module's request")

    def __dealloc__(self):
        if self.request != NULL:
            mh_request_unref(self.request)

    cdef void take(self):
        """Reads what is asked for, while the request is surely there."""
        cdef const mh_what *what = mh_request_what(self.request)
        if what.kind == MH_HTTP:
            self.kind, self.asked = "http", asked_of_http(&what.http)
            self.asked["synchronous"] = bool(what.synchronous)
        elif what.kind == MH_FCGI:
            self.kind, self.asked = "fastcgi", asked_of_fcgi(&what.fcgi)
        else:
            self.kind, self.asked = "socket", asked_of_socket(&what.socket)
            self.asked["number"] = mh_request_number(self.request)

    def __getattr__(self, name):
        try:
            return self.asked[name]
        except KeyError:
            raise AttributeError(f"Exchange has no attribute {name!r}") from None

    @property
    def cancelled(self):
        return mh_request_over(self.request)

    def backlog(self):
        return mh_request_backlog(self.request)

    def pause(self, size_t size):
        return mh_request_pause(self.request, size)

    cdef bint answer(self, mh_answer_kind kind, bint last, bytes data=None, int64_t number=0,
                     bytes content_type=None):
        cdef mh_answer answer
        cdef bint wanted
        memset(&answer, 0, sizeof(answer))
        answer.kind = kind
        answer.progress = <int>number if kind == MH_ANSWER_BODY else 0
        answer.status = number
        if content_type is not None:
            answer.content_type = PyBytes_AS_STRING(content_type)
        if data is not None:
            answer.data = PyBytes_AS_STRING(data)
            answer.size = <size_t>PyBytes_GET_SIZE(data)
        if last:
            self.known.pop(self.id, None)
        with nogil:
            wanted = (mh_request_answer_here(self.request, &answer) if self.here
                      else mh_request_answer(self.request, &answer))
        return wanted

    def fail(self, str reason):
        return self.answer(MH_ANSWER_FAILED, True, c_text(reason))

    # -- http

    def sent(self, bint body):
        return self.answer(MH_ANSWER_REQBODY if body else MH_ANSWER_REQUEST, False)

    def headers(self, int64_t status, str content_type, bytes raw):
        return self.answer(MH_ANSWER_HEADERS, False, raw, status,
                           c_text(content_type) if content_type else None)

    def body(self, bytes data, int progress):
        return self.answer(MH_ANSWER_BODY, progress == 100, data, progress)

    # -- fastcgi

    def done(self, bytes body):
        return self.answer(MH_ANSWER_BODY, True, body, 100)

    # -- sockets

    def connected(self, int fd):
        return self.answer(MH_ANSWER_CONNECTED, False, None, fd)

    def written(self):
        return self.answer(MH_ANSWER_WRITTEN, False)

    def data(self, bytes chunk):
        return self.answer(MH_ANSWER_DATA, False, chunk)

    def closed(self, int kind):
        return self.answer(MH_ANSWER_CLOSED if kind == 0 else MH_ANSWER_FAILED, True)


cdef dict asked_of_http(const mh_http *what):
    return {
        "url": optional_text(what.url),
        "post": None if what.post == NULL else what.post[:what.post_len],
        "proxy": optional_text(what.proxy),
        "content_type": optional_text(what.content_type),
        "extra_header": optional_text(what.extra_header),
        "user_agent": optional_text(what.user_agent),
        "referrer": optional_text(what.referrer),
        "origin": optional_text(what.origin),
        "cookie": optional_text(what.cookie),
        "encoding": optional_text(what.encoding),
        "cache_control": optional_text(what.cache_control),
        "accept": optional_text(what.accept),
        "etag": optional_text(what.etag),
        "ims": what.ims,
        "maxredirects": what.maxredirects,
        "conn_timeout": what.conn_timeout,
        "header_timeout": what.header_timeout,
        "body_timeout": what.body_timeout,
        "total_timeout": what.total_timeout,
        "retries": what.retries,
    }


cdef dict asked_of_fcgi(const mh_fcgi *what):
    cdef int i
    params = {}
    for i in range(<int>MH_FCGI_PARAMS):
        if what.names[i] == NULL:
            break
        params[what.names[i].decode()] = optional_text(what.values[i])
    return {
        "host": optional_text(what.host),
        "port": what.port,
        "keepalive": bool(what.keepalive),
        "params": params,
        "stdin": b"" if what.body == NULL else what.body[:what.body_len],
    }


cdef dict asked_of_socket(const mh_socket *what):
    return {
        "url": optional_text(what.url),
        "ws_protocol": optional_text(what.ws_protocol),
        "keepalive": bool(what.keepalive),
        "verify_host": bool(what.verify_host),
    }


# ---- Commands ------------------------------------------------------------------------------------


cdef Exchange started(mh_command *command, dict known):
    cdef Exchange exchange = Exchange.__new__(Exchange)
    exchange.request = command.request
    exchange.known = known
    exchange.id = command.id
    exchange.take()
    known[command.id] = exchange
    return exchange


cdef object next_command(mh_host *host, dict known):
    """The next command for the services: ("start" | "write" | "close" | "resume" | "cancel",
    Exchange, bytes), or None."""
    cdef mh_command command
    while True:
        command = mh_take_command(host)
        if command.kind == MH_NO_COMMAND:
            return None
        if command.kind == MH_START:
            return "start", started(&command, known), b""
        data = b""
        if command.bytes != NULL:
            data = PyBytes_FromStringAndSize(command.bytes.data, <Py_ssize_t>command.bytes.size)
            free(command.bytes)
        found = known.get(command.id)
        if found is None:
            continue  # its last answer is under way already
        if command.kind == MH_WRITE:
            return "write", found, data
        if command.kind == MH_CLOSE:
            return "close", found, data
        if command.kind == MH_RESUME:
            return "resume", found, data
        del known[command.id]
        return "cancel", found, data
