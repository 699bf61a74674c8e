from libc.stdint cimport uint64_t

from .core cimport mh_event, mh_event_kind, mh_line, mh_params, mh_queue, mh_user


cdef class Message:
    cdef mh_params params       # its strings belong to _to and _from
    cdef readonly bytes payload
    cdef readonly str module
    cdef object _to, _from      # bytes with a NUL behind them, str, or None

cdef class Verdict:
    cdef readonly object result, by, error
    cdef readonly Message message
    cdef readonly list sent, logs, resent
    cdef readonly tuple returned

cdef Message message_from(const mh_params *params, bytes payload, str module)
cdef uint64_t as_word(object value, str field) except? 0xFFFFFFFFFFFFFFFF
cdef Message as_message(object value)
cdef void message_event(mh_event *event, mh_event_kind kind, Message message) noexcept
cdef Message message_like(Message original, bytes payload)
cdef void user_event(mh_event *event, mh_user *user, bytes address, bint online, uint64_t flags)
cdef object event_user(const mh_event *event)
cdef Message event_message(const mh_event *event)
cdef list take_messages(mh_queue *queue)
cdef list take_lines(mh_queue *queue)
cdef object record_from(const mh_line *line)
cdef bytes c_text(str text)
cdef str optional_text(const char *text)
