from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint64_t

from .core cimport mh_event, mh_event_kind, mh_line, mh_params, mh_queue, mh_sent, mh_user


cimport cython


@cython.final
cdef class Message:
    cdef mh_params params       # its strings belong to _to and _from
    cdef readonly bytes payload
    cdef readonly str module
    cdef object _to, _from      # bytes with a NUL behind them, ASCII str, or None

    cdef int take_to_online(self, object to_online, object uflags) except -1
    cdef int take_module(self, object module) except -1

@cython.final
cdef class Verdict:
    cdef readonly object result, by, error
    cdef readonly Message message
    cdef readonly tuple returned
    cdef list _sent, _logs, _resent  # None: empty, and nobody has asked yet

cdef Message message_from(const mh_params *params, bytes payload, str module)
cdef uint64_t as_word(object value, str field) except? 0xFFFFFFFFFFFFFFFF
cdef int refuse_message(object value) except -1

cdef inline Message as_message(object value):
    """The caller's message, or TypeError."""
    if type(value) is not Message:
        refuse_message(value)
    return <Message>value

cdef inline void message_event(mh_event *event, mh_event_kind kind, Message message) noexcept:
    event.kind = kind
    event.params = &message.params
    event.message = PyBytes_AS_STRING(message.payload)
    event.len = <size_t>PyBytes_GET_SIZE(message.payload)
    event.status = 0
    event.user = NULL
    event.type = 0
    event.config = NULL
    event.source = <void *>message

cdef Message message_like(Message original, bytes payload)
cdef void user_event(mh_event *event, mh_user *user, bytes address, bint online, uint64_t flags)
cdef object event_user(const mh_event *event)
cdef Message event_message(const mh_event *event)
cdef list take_messages(mh_queue *queue)
cdef list take_lines(mh_queue *queue)
cdef Message sent_message(const mh_sent *sent)
cdef list take_row_lines(mh_queue *queue)
cdef object record_from(const mh_line *line)
cdef bytes c_text(str text)
cdef str optional_text(const char *text)
