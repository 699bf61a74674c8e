# cython: language_level=3, binding=False
"""The values that cross the bridge: messages, and what became of them."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.long cimport PyLong_AsUnsignedLongLong
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint64_t
from libc.string cimport memchr, memset

from .core cimport (
    MH_WORDS,
    MH_ON_LOGIN,
    mh_event,
    mh_event_kind,
    mh_line,
    mh_line_front,
    mh_params,
    mh_queue,
    mh_queue_pop,
    mh_sent,
    mh_sent_front,
    mh_user,
)

from ..types import WORDS, LogRecord, User

cimport cython

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    void *PyUnicode_1BYTE_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)

cdef object ZERO = 0
cdef tuple FIELDS = WORDS + ("to", "from_")


cdef uint64_t as_word(object value, str field) except? 0xFFFFFFFFFFFFFFFF:
    try:
        return PyLong_AsUnsignedLongLong(value)
    except OverflowError:
        raise OverflowError(
            f"message field `{field}` does not fit: expected 0 to 2**64 - 1, got {value}; "
            "the header's params are unsigned 64-bit words"
        ) from None
    except TypeError:
        raise TypeError(
            f"message field `{field}` is of the wrong type: expected int, got "
            f"{type(value).__name__} ({value!r}); pass a whole number"
        ) from None


cdef bytes as_payload(object payload):
    if type(payload) is bytes:
        return payload
    if isinstance(payload, str):
        try:
            return payload.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"message payload cannot be written as UTF-8: character {error.start} is "
                f"{payload[error.start]!r}; pass bytes to send what is not text"
            ) from None
    try:
        return bytes(memoryview(payload))
    except TypeError:
        raise TypeError(
            "message payload is of the wrong type: expected str, bytes or a buffer, got "
            f"{type(payload).__name__}; pass one of them"
        ) from None


cdef object as_address(object value, str field, const char **text, size_t *size):
    """What owns `text`, which has a NUL behind its `size` bytes."""
    if value is None:
        text[0] = NULL
        size[0] = 0
        return None
    if type(value) is str and PyUnicode_IS_COMPACT_ASCII(value):
        owner = value
        text[0] = <const char *>PyUnicode_1BYTE_DATA(value)
        size[0] = <size_t>PyUnicode_GET_LENGTH(value)
    else:
        owner = address_bytes(value, field)
        text[0] = PyBytes_AS_STRING(owner)
        size[0] = <size_t>PyBytes_GET_SIZE(owner)
    if size[0] > 0 and memchr(text[0], 0, size[0]) != NULL:
        raise ValueError(
            f"message field `{field}` has a NUL in it: expected an address that C can hold as a "
            f"string, got {value!r}; take the NUL out"
        )
    return owner


cdef bytes address_bytes(object value, str field):
    if isinstance(value, bytes):
        return value if type(value) is bytes else bytes(value)
    if not isinstance(value, str):
        raise TypeError(
            f"message field `{field}` is of the wrong type: expected str, bytes or None, got "
            f"{type(value).__name__} ({value!r}); pass the address as text"
        )
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"message field `{field}` cannot be written as UTF-8: character "
            f"{error.start} is {value[error.start]!r}; pass bytes for an address that "
            "is not text"
        ) from None


cdef object address_text(object owner):
    if owner is None or type(owner) is str:
        return owner
    return (<bytes>owner).decode("utf-8", "surrogateescape")


@cython.final
@cython.freelist(64)
@cython.no_gc
cdef class Message:
    """A message as modules get and send it: a payload and the header's params.

    `payload` is kept as bytes: a `str` is written as UTF-8, any other buffer is copied. `to` and
    `from_` are `str`, `bytes` or None (the module gets NULL; a group message has no `to`); they
    are read as `str`, bytes that are not UTF-8 by surrogateescape. The others are unsigned 64-bit
    words: `aid` (application), `id`, `refid` (the message it answers), `groupid`, `flags`, `type`,
    `expiry` (seconds), `uflags` (bit 0: the recipient is online; `to_online` is its older name),
    `status`, `sid`, `device` (sdk2020 alone has these three).

    `module` is the name of the module that sent it, None for a message of your own.

    Messages do not change; `replace` makes another. Raises TypeError for a wrong type,
    OverflowError for a word outside 0..2**64-1, ValueError for an address with a NUL in it.
    """

    def __init__(self, payload=b"", *, to="", from_="", aid=0, id=0, refid=0, groupid=0, flags=0,
                 type=0, expiry=0, to_online=None, uflags=0, status=0, sid=0, device=0,
                 module=None):
        self.payload = as_payload(payload)
        self._to = as_address(to, "to", &self.params.to, &self.params.to_len)
        self._from = as_address(from_, "from_", &self.params.from_, &self.params.from_len)
        # Most words are what they are by default: none of those is read.
        if aid is not ZERO:
            self.params.aid = as_word(aid, "aid")
        if id is not ZERO:
            self.params.id = as_word(id, "id")
        if refid is not ZERO:
            self.params.refid = as_word(refid, "refid")
        if groupid is not ZERO:
            self.params.groupid = as_word(groupid, "groupid")
        if flags is not ZERO:
            self.params.flags = as_word(flags, "flags")
        if type is not ZERO:
            self.params.type = as_word(type, "type")
        if expiry is not ZERO:
            self.params.expiry = as_word(expiry, "expiry")
        if uflags is not ZERO:
            self.params.uflags = as_word(uflags, "uflags")
        if to_online is not None:
            self.take_to_online(to_online, uflags)
        if status is not ZERO:
            self.params.status = as_word(status, "status")
        if sid is not ZERO:
            self.params.sid = as_word(sid, "sid")
        if device is not ZERO:
            self.params.device = as_word(device, "device")
        if module is not None:
            self.take_module(module)

    cdef int take_to_online(self, object to_online, object uflags) except -1:
        if uflags != 0 and uflags != to_online:
            raise TypeError(
                "message fields `to_online` and `uflags` differ: expected one of them, they are "
                f"names of one word, got {to_online!r} and {uflags!r}; leave one out"
            )
        self.params.uflags = as_word(to_online, "to_online")
        return 0

    cdef int take_module(self, object module) except -1:
        if not isinstance(module, str):
            raise TypeError(
                "message field `module` is of the wrong type: expected the name of a module, got "
                f"{module!r}; pass a str or None"
            )
        self.module = module
        return 0

    @property
    def to(self):
        """The recipient's address; None: there is none."""
        return address_text(self._to)

    @property
    def from_(self):
        """The sender's address; None: there is none."""
        return address_text(self._from)

    @property
    def aid(self):
        """The application."""
        return self.params.aid

    @property
    def id(self):
        """The message's number."""
        return self.params.id

    @property
    def refid(self):
        """The message that this one answers."""
        return self.params.refid

    @property
    def groupid(self):
        """The group; 0: none."""
        return self.params.groupid

    @property
    def flags(self):
        """Flags of the message."""
        return self.params.flags

    @property
    def type(self):
        """The application's own type."""
        return self.params.type

    @property
    def expiry(self):
        """How long it is kept, in seconds."""
        return self.params.expiry

    @property
    def uflags(self):
        """Flags about the recipient: bit 0 says online (MOD_MESIBO_UFLAG_DESTONLINE)."""
        return self.params.uflags

    @property
    def to_online(self):
        """The older revisions' name of `uflags`: non-zero, the recipient is online."""
        return self.params.uflags

    @property
    def status(self):
        """sdk2020: the message's status."""
        return self.params.status

    @property
    def sid(self):
        """sdk2020: the word `sid`."""
        return self.params.sid

    @property
    def device(self):
        """sdk2020: the word `device`."""
        return self.params.device

    def fields(self):
        """Every field but the payload, by its name: `Message(m.payload, **m.fields())` equals m."""
        found = {name: getattr(self, name) for name in FIELDS}
        found["module"] = self.module
        return found

    def replace(self, **changes):
        """A message like this one but for the fields given; `payload` is one of them."""
        fields = {"payload": self.payload, **self.fields(), **changes}
        if "to_online" in changes:
            fields["uflags"] = fields.pop("to_online")
        return Message(fields.pop("payload"), **fields)

    def _nonzero(self):
        """The words that are not 0, with their names."""
        cdef const uint64_t *words = &self.params.aid
        cdef Py_ssize_t i
        return [(WORDS[i], words[i]) for i in range(MH_WORDS) if words[i] != 0]

    def _key(self):
        return (self.payload, *(getattr(self, name) for name in FIELDS), self.module)

    def __eq__(self, other):
        return isinstance(other, Message) and self._key() == (<Message>other)._key()

    def __hash__(self):
        return hash(self._key())

    def __reduce__(self):
        return _rebuild, (self.payload, self.fields())

    def __repr__(self):
        shown = self.payload if len(self.payload) <= 60 else self.payload[:57] + b"..."
        parts = [repr(shown), f"to={self.to!r}", f"from_={self.from_!r}"]
        parts += [f"{name}={word}" for name, word in self._nonzero()]
        if self.module is not None:
            parts.append(f"module={self.module!r}")
        return f"Message({', '.join(parts)})"


def _rebuild(payload, fields):
    return Message(payload, **fields)


@cython.final
@cython.freelist(16)
cdef class Verdict:
    """What became of one event on its way through the chain.

    `result`: PASS (deliver the message), CONSUMED (a module took it), FAIL (a module failed, and
    the message is not delivered). `by` is the LoadedModule that decided, None where all passed.
    `error` is what a failed module did, an exception, or None; `raise_for_error` raises it.
    `message` is what the recipient would get (None for events without one), `sent` the messages and
    `logs` the lines that modules sent and logged on this thread meanwhile, in order. `returned` is,
    for events other than messages, what each module's callback returned: (module, code) pairs.
    `resent` are the verdicts on what was sent, where the host sends that through the chain as well.
    """

    # Most passes send and log nothing, and most callers do not ask.

    @property
    def sent(self):
        """What modules sent on this thread meanwhile, in order."""
        if self._sent is None:
            self._sent = []
        return self._sent

    @property
    def logs(self):
        """What they logged, in order."""
        if self._logs is None:
            self._logs = []
        return self._logs

    @property
    def resent(self):
        """The verdicts on what was sent, where the host sends that through the chain as well."""
        if self._resent is None:
            self._resent = []
        return self._resent

    def raise_for_error(self):
        """Raises `error`, if there is one."""
        if self.error is not None:
            raise self.error

    def __repr__(self):
        by = f", by={self.by.name!r}" if self.by is not None else ""
        error = f", error={self.error!r}" if self.error is not None else ""
        return f"Verdict({self.result.name}{by}{error}, sent={len(self.sent)}, logs={len(self.logs)})"


# ---- From C and back ------------------------------------------------------------------------------


cdef object owned_text(const char *text, size_t size):
    return None if text == NULL else PyBytes_FromStringAndSize(text, <Py_ssize_t>size)


cdef Message message_from(const mh_params *params, bytes payload, str module):
    """A message with copies of what C has."""
    cdef Message message = Message.__new__(Message)
    message.params = params[0]
    message._to = owned_text(params.to, params.to_len)
    message._from = owned_text(params.from_, params.from_len)
    message.params.to = NULL if message._to is None else PyBytes_AS_STRING(message._to)
    message.params.from_ = NULL if message._from is None else PyBytes_AS_STRING(message._from)
    message.payload = payload
    message.module = module
    return message


cdef int refuse_message(object value) except -1:
    raise TypeError(
        f"what was to be sent is no message: expected a mesibo_abi.Message, got "
        f"{type(value).__name__} ({value!r}); pass Message(payload, to=..., from_=...)"
    )


cdef Message message_like(Message original, bytes payload):
    """The message with another payload."""
    cdef Message message = Message.__new__(Message)
    message.params = original.params
    message._to = original._to
    message._from = original._from
    message.payload = payload
    message.module = original.module
    return message


cdef void user_event(mh_event *event, mh_user *user, bytes address, bint online, uint64_t flags):
    """A login event of a user, whose strings are `address`'s."""
    memset(event, 0, sizeof(event[0]))
    memset(user, 0, sizeof(user[0]))
    event.kind = MH_ON_LOGIN
    event.user = user
    user.flags = flags
    user.online = online
    if address is not None:
        user.address = PyBytes_AS_STRING(address)
        user.address_len = <size_t>PyBytes_GET_SIZE(address)


cdef object event_user(const mh_event *event):
    cdef const mh_user *user = event.user
    return User(optional_text(user.address), user.online != 0, user.flags)


cdef Message event_message(const mh_event *event):
    if event.source != NULL:
        return <Message>event.source
    payload = b"" if event.message == NULL else PyBytes_FromStringAndSize(
        event.message, <Py_ssize_t>event.len)
    return message_from(event.params, payload, None)


cdef Message sent_message(const mh_sent *sent):
    return message_from(
        &sent.params,
        PyBytes_FromStringAndSize(sent.message, <Py_ssize_t>sent.len),
        PyUnicode_DecodeUTF8(sent.label, <Py_ssize_t>sent.label_len, "surrogateescape"),
    )


cdef list take_messages(mh_queue *queue):
    """Everything that was sent, in order; the queue is empty then."""
    cdef mh_sent sent
    cdef list messages = []
    while mh_sent_front(queue, &sent):
        messages.append(sent_message(&sent))
        mh_queue_pop(queue)
    return messages


cdef list take_lines(mh_queue *queue):
    """Everything that was logged, in order; the queue is empty then."""
    cdef mh_line line
    cdef list records = []
    while mh_line_front(queue, &line):
        records.append(record_from(&line))
        mh_queue_pop(queue)
    return records


cdef list take_row_lines(mh_queue *queue):
    """The same of a batch, each with its row."""
    cdef mh_line line
    cdef list records = []
    while mh_line_front(queue, &line):
        records.append((line.row, record_from(&line)))
        mh_queue_pop(queue)
    return records


cdef object record_from(const mh_line *line):
    return LogRecord(
        PyUnicode_DecodeUTF8(line.label, <Py_ssize_t>line.label_len, "surrogateescape"),
        line.level,
        PyUnicode_DecodeUTF8(line.text, <Py_ssize_t>line.len, "backslashreplace"),
        line.time / 1e9,
        line.thread,
    )


cdef bytes c_text(str text):
    return text.encode("utf-8", "surrogateescape")


cdef str optional_text(const char *text):
    return None if text == NULL else text.decode("utf-8", "surrogateescape")
