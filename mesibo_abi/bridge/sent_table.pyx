# cython: language_level=3, binding=False
"""What was sent during a batch: as messages, and as a table of the core's own columns."""

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint64_t

from .core cimport mh_sent, mh_sent_at, mh_sent_columns, mh_texts
from .tables cimport Column, Table, column, lent, null_column, text_column
from .values cimport sent_message

from ..types import WORDS as _WORDS


cdef list sent_pairs(const mh_sent_columns *columns):
    """All of it, each message with its row."""
    cdef mh_sent sent
    cdef size_t at
    cdef list pairs = []
    for at in range(columns.count):
        mh_sent_at(columns, at, &sent)
        pairs.append((sent.row, sent_message(&sent)))
    return pairs


cdef list sent_for(const mh_sent_columns *columns, uint64_t row):
    """The messages of one row. The rows of the columns ascend."""
    cdef mh_sent sent
    cdef size_t low = 0, high = columns.count, middle
    cdef list messages = []
    while low < high:
        middle = (low + high) // 2
        if columns.rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    while low < columns.count and columns.rows[low] == row:
        mh_sent_at(columns, low, &sent)
        messages.append(sent_message(&sent))
        low += 1
    return messages


cdef Table table_of(const mh_sent_columns *columns, object owner):
    """The columns as they lie in `owner`, which keeps them."""
    cdef Table table = Table.__new__(Table)
    cdef int64_t count = <int64_t>columns.count
    table.root = column("", "+s", count, (None,))
    table.root.children = [
        column("row", "L", count, (None, lent(columns.rows, owner))),
        column("module", "i", count, (None, lent(columns.labels, owner)), 0, names_of(columns)),
        texts_of("message", "Z", columns, &columns.message, owner),
        texts_of("to", address_format(columns, &columns.to), columns, &columns.to, owner),
        texts_of("from", address_format(columns, &columns.from_), columns, &columns.from_, owner),
        *[column(name, "L", count, (None, lent(columns.words[place], owner)))
          for place, name in enumerate(_WORDS)],
    ]
    return table


cdef Column names_of(const mh_sent_columns *columns):
    cdef size_t at
    return text_column("", [text(&columns.names, at) for at in range(columns.names.count)])


cdef Column texts_of(str name, str format, const mh_sent_columns *columns, const mh_texts *texts,
                     object owner):
    if columns.count == 0:
        return null_column(name, format, 0)
    return column(name, format, <int64_t>columns.count,
                  (lent(texts.valid, owner) if texts.nulls else None, lent(texts.ends, owner),
                   lent(texts.bytes, owner)),
                  <int64_t>texts.nulls)


cdef str address_format(const mh_sent_columns *columns, const mh_texts *texts):
    """Text where all of it is UTF-8, else binary."""
    cdef size_t at
    cdef uint64_t end
    if columns.count == 0 or is_ascii(texts.bytes, texts.ends[columns.count]):
        return "U"
    try:
        for at in range(columns.count):
            end = texts.ends[at + 1]
            PyUnicode_DecodeUTF8(texts.bytes + texts.ends[at],
                                 <Py_ssize_t>(end - texts.ends[at]), "strict")
    except UnicodeDecodeError:
        return "Z"
    return "U"


cdef bint is_ascii(const char *bytes, uint64_t size) noexcept nogil:
    cdef uint64_t at
    cdef char all = 0
    for at in range(size):
        all |= bytes[at]
    return all >= 0


cdef str text(const mh_texts *texts, size_t at):
    return PyUnicode_DecodeUTF8(texts.bytes + texts.ends[at],
                                <Py_ssize_t>(texts.ends[at + 1] - texts.ends[at]),
                                "surrogateescape")
