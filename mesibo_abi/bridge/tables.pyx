# cython: language_level=3, binding=False
"""Columns that go out, through the Arrow C interface."""

from array import array

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from .arrow cimport ARROW_FLAG_NULLABLE, ArrowArray, ArrowArrayStream, ArrowSchema

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    void *PyUnicode_1BYTE_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)


cdef Column column(str name, str format, int64_t length, tuple buffers, int64_t nulls=0,
                   Column dictionary=None):
    """`buffers` are those of the format, the validity bits first; they must not change any more."""
    cdef Column made = Column.__new__(Column)
    made.name, made.format = name.encode(), format.encode()
    made.length, made.nulls, made.buffers = length, nulls, buffers
    made.dictionary = dictionary
    made.children = []
    return made


cdef Column text_column(str name, list texts):
    """Of str, bytes or None. Text where all of it is UTF-8, else binary."""
    try:
        return joined(name, texts)
    except UnicodeEncodeError:
        return joined(name, [text.encode("utf-8", "surrogateescape") if isinstance(text, str)
                             else text for text in texts])


cdef Column joined(str name, list texts):
    """One behind the other. Raises UnicodeEncodeError for a str that is not UTF-8."""
    cdef size_t row, count = <size_t>len(texts)
    cdef Py_ssize_t size
    cdef int64_t nulls = 0
    cdef const char *start
    cdef bint is_text = True
    valid_buffer, ends_buffer = bytearray((count + 7) // 8), bytearray(8 * (count + 1))
    cdef char *valid = PyByteArray_AS_STRING(valid_buffer)
    cdef int64_t *ends = <int64_t *>PyByteArray_AS_STRING(ends_buffer)
    for row in range(count):
        text, size = texts[row], 0
        if text is None:
            nulls += 1
        else:
            utf8_of(text, &size)
            valid[row // 8] |= <char>(1 << (row % 8))
            is_text = is_text and isinstance(text, str)
        ends[row + 1] = ends[row] + size
    parts = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>ends[count])
    for row in range(count):
        text = texts[row]
        if text is not None:
            start = utf8_of(text, &size)
            memcpy(PyBytes_AS_STRING(parts) + ends[row], start, <size_t>size)
    return column(name, "U" if is_text else "Z", <int64_t>count,
                  (valid_buffer if nulls else None, ends_buffer, parts), nulls)


cdef Column null_column(str name, str format, int64_t count):
    """Of text that is NULL in every row. Its zeros take no memory until somebody writes there."""
    cdef Zeros zeros = Zeros.__new__(Zeros)
    zeros.start = room(<size_t>count + 1, sizeof(int64_t))
    buffer = lent(zeros.start, zeros)
    return column(name, format, count, (buffer, buffer, b""), count)


cdef inline const char *utf8_of(object text, Py_ssize_t *size) except NULL:
    """Lent by the text."""
    if isinstance(text, str):
        if not PyUnicode_IS_COMPACT_ASCII(text):
            return PyUnicode_AsUTF8AndSize(text, size)
        size[0] = PyUnicode_GET_LENGTH(text)
        return <const char *>PyUnicode_1BYTE_DATA(text)
    size[0] = PyBytes_GET_SIZE(<bytes?>text)
    return PyBytes_AS_STRING(text)


# ---- Out ------------------------------------------------------------------------------------------


cdef void *room(size_t count, size_t size) except NULL:
    cdef void *made = calloc(count if count > 0 else 1, size)
    if made == NULL:
        raise MemoryError("no memory for the description of a table")
    return made


cdef void release_schema(ArrowSchema *schema) noexcept with gil:
    cdef int64_t i
    for i in range(schema.n_children):
        if schema.children[i] != NULL:
            if schema.children[i].release != NULL:
                schema.children[i].release(schema.children[i])
            free(schema.children[i])
    free(schema.children)
    if schema.dictionary != NULL:
        if schema.dictionary.release != NULL:
            schema.dictionary.release(schema.dictionary)
        free(schema.dictionary)
    Py_DECREF(<object>schema.private_data)
    schema.release = NULL


cdef int fill_schema(ArrowSchema *schema, Column what) except -1:
    cdef Column child
    memset(schema, 0, sizeof(schema[0]))
    Py_INCREF(what)
    schema.private_data = <void *>what
    schema.release = release_schema
    schema.format = PyBytes_AS_STRING(what.format)
    schema.name = PyBytes_AS_STRING(what.name)
    schema.flags = ARROW_FLAG_NULLABLE  # always: the schema does not depend on what is there
    schema.children = <ArrowSchema **>room(<size_t>len(what.children), sizeof(void *))
    for child in what.children:
        schema.children[schema.n_children] = <ArrowSchema *>room(1, sizeof(ArrowSchema))
        schema.n_children += 1
        fill_schema(schema.children[schema.n_children - 1], child)
    if what.dictionary is not None:
        schema.dictionary = <ArrowSchema *>room(1, sizeof(ArrowSchema))
        fill_schema(schema.dictionary, what.dictionary)
    return 0


cdef void release_array(ArrowArray *array) noexcept with gil:
    cdef int64_t i
    for i in range(array.n_children):
        if array.children[i] != NULL:
            if array.children[i].release != NULL:
                array.children[i].release(array.children[i])
            free(array.children[i])
    free(array.children)
    free(array.buffers)
    if array.dictionary != NULL:
        if array.dictionary.release != NULL:
            array.dictionary.release(array.dictionary)
        free(array.dictionary)
    Py_DECREF(<object>array.private_data)
    array.release = NULL


cdef Lent lent(const void *start, object owner):
    """Memory that `owner` frees when nobody holds it."""
    cdef Lent made = Lent.__new__(Lent)
    made.start, made.owner = start, owner
    return made


cdef const void *start_of(object buffer) noexcept:
    if buffer is None:
        return NULL
    if type(buffer) is Lent:
        return (<Lent>buffer).start
    if type(buffer) is bytes:
        return PyBytes_AS_STRING(buffer)
    return PyByteArray_AS_STRING(buffer)


cdef int fill_array(ArrowArray *array, Column what) except -1:
    cdef Column child
    memset(array, 0, sizeof(array[0]))
    Py_INCREF(what)
    array.private_data = <void *>what
    array.release = release_array
    array.length = what.length
    array.null_count = what.nulls
    array.buffers = <const void **>room(<size_t>len(what.buffers), sizeof(void *))
    for buffer in what.buffers:
        array.buffers[array.n_buffers] = start_of(buffer)
        array.n_buffers += 1
    array.children = <ArrowArray **>room(<size_t>len(what.children), sizeof(void *))
    for child in what.children:
        array.children[array.n_children] = <ArrowArray *>room(1, sizeof(ArrowArray))
        array.n_children += 1
        fill_array(array.children[array.n_children - 1], child)
    if what.dictionary is not None:
        array.dictionary = <ArrowArray *>room(1, sizeof(ArrowArray))
        fill_array(array.dictionary, what.dictionary)
    return 0


cdef void drop_schema(object capsule) noexcept:
    cdef ArrowSchema *schema = <ArrowSchema *>PyCapsule_GetPointer(capsule, "arrow_schema")
    if schema.release != NULL:
        schema.release(schema)
    free(schema)


cdef void drop_array(object capsule) noexcept:
    cdef ArrowArray *array = <ArrowArray *>PyCapsule_GetPointer(capsule, "arrow_array")
    if array.release != NULL:
        array.release(array)
    free(array)


cdef void drop_stream(object capsule) noexcept:
    cdef ArrowArrayStream *stream = <ArrowArrayStream *>PyCapsule_GetPointer(
        capsule, "arrow_array_stream")
    if stream.release != NULL:
        stream.release(stream)
    free(stream)


# A stream of one array; its private data is a list: the column, until it was given.


cdef int stream_schema(ArrowArrayStream *stream, ArrowSchema *out) noexcept with gil:
    try:
        fill_schema(out, (<list>stream.private_data)[0])
        return 0
    except MemoryError:
        return 12  # ENOMEM


cdef int stream_next(ArrowArrayStream *stream, ArrowArray *out) noexcept with gil:
    state = <list>stream.private_data
    memset(out, 0, sizeof(out[0]))
    if state[1]:
        return 0
    try:
        fill_array(out, state[0])
        state[1] = True
        return 0
    except MemoryError:
        return 12  # ENOMEM


cdef const char *stream_error(ArrowArrayStream *stream) noexcept:
    return "no memory"


cdef void release_stream(ArrowArrayStream *stream) noexcept with gil:
    Py_DECREF(<object>stream.private_data)
    stream.release = NULL


cdef class Lent:
    """Memory in a table that is no Python object's own."""


cdef class Zeros:
    cdef void *start

    def __dealloc__(self):
        free(self.start)


cdef class Table:
    """Columns of one length. Shows itself through the Arrow C interface, its memory as it lies:
    `pyarrow.table(this)`, `polars.DataFrame(this)` and their like take it."""

    cdef Column shown(self):
        """Its columns, as a struct."""
        return self.root

    def __len__(self):
        return self.shown().length

    def __arrow_c_schema__(self):
        """A capsule of its ArrowSchema."""
        schema = <ArrowSchema *>room(1, sizeof(ArrowSchema))
        capsule = PyCapsule_New(schema, "arrow_schema", drop_schema)
        fill_schema(schema, self.shown())
        return capsule

    def __arrow_c_array__(self, requested_schema=None):
        """Capsules of its ArrowSchema and its ArrowArray; always as it is."""
        array = <ArrowArray *>room(1, sizeof(ArrowArray))
        capsule = PyCapsule_New(array, "arrow_array", drop_array)
        fill_array(array, self.shown())
        return self.__arrow_c_schema__(), capsule

    def __arrow_c_stream__(self, requested_schema=None):
        """A capsule of an ArrowArrayStream with all of it in one piece."""
        stream = <ArrowArrayStream *>room(1, sizeof(ArrowArrayStream))
        capsule = PyCapsule_New(stream, "arrow_array_stream", drop_stream)
        state = [self.shown(), False]
        Py_INCREF(state)
        stream.private_data = <void *>state
        stream.get_schema = stream_schema
        stream.get_next = stream_next
        stream.get_last_error = stream_error
        stream.release = release_stream
        return capsule


def table_of_lists(texts, words):
    """A table with a column for each list: texts of str, bytes and None, words of whole numbers.

    Raises ValueError for lists that are not of one length, OverflowError for a number outside
    0..2**64-1, TypeError for what is none of these.
    """
    cdef Table table = Table.__new__(Table)
    lengths = {len(values) for values in (*texts.values(), *words.values())}
    if len(lengths) != 1:
        raise ValueError(
            "a table cannot be made of lists of different lengths: expected one length, got "
            f"{sorted(lengths)}; pass a value for each row"
        )
    table.root = column("", "+s", lengths.pop(), (None,))
    table.root.children = [text_column(name, list(values)) for name, values in texts.items()]
    table.root.children += [column(name, "L", len(values), (None, array("Q", values).tobytes()))
                            for name, values in words.items()]
    return table
