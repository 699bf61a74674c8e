# cython: language_level=3, binding=False
"""Columns that come in: whatever shows them through the Arrow C interface, read where they lie."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport INT64_MAX, int8_t, int16_t, int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memchr, memset, strcmp

from .arrow cimport ArrowArray, ArrowArrayStream, ArrowSchema
from .core cimport (
    MH_TEXT_OFFSETS_32,
    MH_TEXT_OFFSETS_64,
    MH_TEXT_VIEWS,
    MH_WORDS,
    mh_text_at,
    mh_text_broken,
    mh_text_column,
    mh_text_layout,
    mh_word_column,
)

from ..errors import InputError
from ..types import WORDS

cdef tuple TEXTS = ("message", "to", "from")
cdef str NAMES = "message, to, from, " + ", ".join(WORDS) + " and to_online"
cdef dict WORD_SIZES = {"c": 1, "C": 1, "s": 2, "S": 2, "i": 4, "I": 4, "l": 8, "L": 8}
cdef dict LAYOUTS = {
    "u": <int>MH_TEXT_OFFSETS_32, "z": <int>MH_TEXT_OFFSETS_32,
    "U": <int>MH_TEXT_OFFSETS_64, "Z": <int>MH_TEXT_OFFSETS_64,
    "vu": <int>MH_TEXT_VIEWS, "vz": <int>MH_TEXT_VIEWS,
}


cdef object bad_column(str name, str detail, str hint, object row=None):
    error = InputError(f"the batch's column `{name}` cannot be used", detail=detail, hint=hint)
    error.row = row
    return error


cdef class Chunk:
    """Rows `first` to `first + count` of a batch: one struct array of the producer's, kept alive."""

    def __dealloc__(self):
        if self.array.release != NULL:
            self.array.release(&self.array)

    cdef int take(self, ArrowSchema *schema, uint64_t first) except -1:
        """Reads the columns of `array`, which is there already; `schema` is checked."""
        cdef int64_t i
        cdef ArrowArray *array = &self.array
        check_array(schema, array)
        self.first, self.count = first, <uint64_t>array.length
        if (array.null_count != 0 and array.n_buffers > 0 and array.buffers != NULL
                and array.buffers[0] != NULL):
            check_rows(<const uint8_t *>array.buffers[0], array.offset, array.length, first)
        for i in range(schema.n_children):
            if format_of(schema.children[i]) != "n" and not is_index(column_name(schema.children[i])):
                self.take_column(schema.children[i], array.children[i])
        return 0

    cdef int take_column(self, ArrowSchema *schema, ArrowArray *array) except -1:
        cdef str name = column_name(schema), form = format_of(schema)
        check_buffers(array, name, form, self.array.offset, self.array.length)
        # Where row 0 of the batch would be; a sum with a row's number is right again.
        cdef size_t offset = <size_t>(self.array.offset + array.offset) - <size_t>self.first
        if name == "message":
            fill_text(&self.columns.message, array, LAYOUTS[form], offset)
            return check_texts(&self.columns.message, name, self.first, self.count)
        if name == "to":
            fill_text(&self.columns.to, array, LAYOUTS[form], offset)
            return check_addresses(&self.columns.to, name, self.first, self.count)
        if name == "from":
            fill_text(&self.columns.from_, array, LAYOUTS[form], offset)
            return check_addresses(&self.columns.from_, name, self.first, self.count)
        cdef mh_word_column *column = &self.columns.words[<int>WORDS.index(word_of(name))]
        column.valid = <const uint8_t *>array.buffers[0]
        column.values = array.buffers[1]
        column.size = WORD_SIZES[form]
        column.offset = offset
        if form.islower():
            check_signs(column, name, self.first, self.count)
        return 0


# ---- Schemas ---------------------------------------------------------------------------------------


cdef int check_schema(ArrowSchema *schema) except -1:
    """Whether every column can be read, whatever is in it."""
    cdef int64_t i
    if schema.format == NULL or strcmp(schema.format, "+s") != 0:
        raise InputError(
            "the batch is no table",
            detail=f"expected columns (Arrow's struct, +s), got {format_of(schema)!r}",
            hint="pass a table or a record batch",
        )
    seen = set()
    if schema.n_children < 0 or (schema.n_children > 0 and schema.children == NULL):
        raise broken(f"expected columns in its schema, found {schema.n_children} in no place")
    for i in range(schema.n_children):
        if schema.children[i] == NULL:
            raise broken(f"expected a schema of column {i}, found none")
        name = column_name(schema.children[i])
        if is_index(name):
            continue
        if word_of(name) in seen:
            raise bad_column(name, "expected each column once, it is there twice (to_online and "
                             "uflags are one)", "leave one out")
        seen.add(word_of(name))
        check_column(schema.children[i], name)
    return 0


cdef int check_column(ArrowSchema *schema, str name) except -1:
    cdef str form = format_of(schema)
    if schema.dictionary != NULL:
        raise bad_column(name, "expected plain values, found a dictionary",
                         "decode it, in pyarrow with .dictionary_decode()")
    if name in TEXTS:
        if form not in LAYOUTS and form != "n":
            raise bad_column(name, f"expected text or binary, found Arrow's {form!r}",
                             "convert it, in pyarrow with .cast('string')")
        return 0
    if word_of(name) not in WORDS:
        raise bad_column(name, f"expected {NAMES}, there is no field of that name",
                         "rename the column, or leave it out")
    if form not in WORD_SIZES and form != "n":
        raise bad_column(name, f"expected whole numbers, found Arrow's {form!r}",
                         "convert it, in pyarrow with .cast('uint64')")
    return 0


cdef bint is_index(str name):
    """Whether it is the index of a frame of pandas, which comes as a column of that name."""
    return name.startswith("__index_level_")


cdef str word_of(str name):
    return "uflags" if name == "to_online" else name


cdef str format_of(ArrowSchema *schema):
    return "" if schema.format == NULL else schema.format.decode("utf-8", "replace")


cdef str column_name(ArrowSchema *schema):
    return "" if schema.name == NULL else schema.name.decode("utf-8", "replace")


# ---- Arrays: what their producer says of them ------------------------------------------------------


cdef object broken(str detail):
    return InputError("the batch cannot be read", detail=detail,
                      hint="have its producer check it, in pyarrow with .validate(full=True)")


cdef int check_array(ArrowSchema *schema, ArrowArray *array) except -1:
    """Whether it has rows, and the columns of its schema."""
    cdef int64_t i
    if array.length < 0 or array.offset < 0 or array.offset > INT64_MAX - array.length:
        raise broken(f"expected rows, found {array.length} of them from row {array.offset} on")
    if array.n_children != schema.n_children or (
            array.n_children > 0 and array.children == NULL):
        raise broken(f"expected {schema.n_children} columns, as in its schema, found "
                     f"{array.n_children}" + (" in no place" if array.children == NULL else ""))
    for i in range(array.n_children):
        if array.children[i] == NULL:
            raise broken(f"expected an array of column {i}, found none")
    return 0


cdef int check_buffers(ArrowArray *array, str name, str form, int64_t offset,
                       int64_t count) except -1:
    """Whether a column has the buffers of its format, and `count` rows from `offset` on. How large
    buffers are, is not said."""
    cdef int64_t wanted = 3 if form in LAYOUTS else 2
    hint = "have its producer check it, in pyarrow with .validate(full=True)"
    if array.offset < 0 or array.length < offset + count or array.offset > INT64_MAX - array.length:
        raise bad_column(name, f"expected {offset + count} rows, found {array.length} of them from "
                         f"row {array.offset} on", hint)
    if array.buffers == NULL or array.n_buffers < wanted:
        raise bad_column(name, f"expected the {wanted} buffers of Arrow's {form!r}, found "
                         f"{0 if array.buffers == NULL else array.n_buffers}", hint)
    if count > 0 and array.buffers[1] == NULL:
        raise bad_column(name, "expected a buffer that says what is in its rows, found none", hint)
    if form.startswith("v") and array.n_buffers > 3 and array.buffers[array.n_buffers - 1] == NULL:
        raise bad_column(name, "expected a buffer with the sizes of others, found none", hint)
    return 0


cdef void fill_text(mh_text_column *column, ArrowArray *array, int layout, size_t offset) noexcept:
    column.layout = <mh_text_layout>layout
    column.valid = <const uint8_t *>array.buffers[0]
    column.index = array.buffers[1]
    column.offset = offset
    if layout == <int>MH_TEXT_VIEWS:
        column.buffers = <const char *const *>&array.buffers[2]
        column.buffer_count = <size_t>array.n_buffers - 3
        column.sizes = <const int64_t *>array.buffers[array.n_buffers - 1]
    else:
        column.bytes = <const char *>array.buffers[2]


cdef inline bint is_valid(const uint8_t *valid, size_t at) noexcept nogil:
    return valid == NULL or (valid[at // 8] >> (at % 8)) & 1


cdef int check_rows(const uint8_t *valid, int64_t offset, int64_t count, uint64_t first) except -1:
    cdef int64_t row
    for row in range(count):
        if not is_valid(valid, <size_t>(offset + row)):
            error = InputError(
                f"row {first + <uint64_t>row} of the batch is null",
                detail="expected a message in every row",
                hint="drop the rows that are null",
            )
            error.row = first + <uint64_t>row
            raise error
    return 0


cdef int check_texts(const mh_text_column *column, str name, uint64_t first,
                     uint64_t count) except -1:
    """What its producer says is looked at, as far as it can be: it may be mistaken."""
    cdef uint64_t row = mh_text_broken(column, first, first + count)
    if row < first + count:
        raise bad_column(name, f"expected texts that end behind their beginning and lie in their "
                         f"buffers, that of row {row} does not",
                         "have its producer check it, in pyarrow with .validate(full=True)", row)
    return 0


cdef int check_addresses(const mh_text_column *column, str name, uint64_t first,
                         uint64_t count) except -1:
    """An address is a string of C's: it cannot have a NUL in it."""
    cdef uint64_t row
    cdef size_t size
    cdef const char *text
    check_texts(column, name, first, count)
    if count == 0 or has_no_nul(column, first, count):
        return 0
    for row in range(first, first + count):
        text = mh_text_at(column, row, &size)
        if size > 0 and memchr(text, 0, size) != NULL:
            raise bad_column(name, f"expected addresses without a NUL, row {row} is "
                             f"{text[:size]!r}", "take the NUL out", row)
    return 0


cdef bint has_no_nul(const mh_text_column *column, uint64_t first, uint64_t count) noexcept:
    """Of all the bytes at once, where they lie side by side. (There may be more than the rows have.)"""
    cdef size_t begin = column.offset + first, end = begin + count, start, stop
    if column.valid != NULL:  # where a row is null its offsets may be anything
        return False
    if column.layout == MH_TEXT_OFFSETS_32:
        start = <size_t>(<const int32_t *>column.index)[begin]
        stop = <size_t>(<const int32_t *>column.index)[end]
    elif column.layout == MH_TEXT_OFFSETS_64:
        start = <size_t>(<const int64_t *>column.index)[begin]
        stop = <size_t>(<const int64_t *>column.index)[end]
    else:
        return False
    return start == stop or memchr(column.bytes + start, 0, stop - start) == NULL


cdef int check_signs(const mh_word_column *column, str name, uint64_t first,
                     uint64_t count) except -1:
    cdef uint64_t row
    cdef size_t at
    cdef int64_t value
    for row in range(first, first + count):
        at = column.offset + row
        if column.size == 8:
            value = (<const int64_t *>column.values)[at]
        elif column.size == 4:
            value = (<const int32_t *>column.values)[at]
        elif column.size == 2:
            value = (<const int16_t *>column.values)[at]
        else:
            value = (<const int8_t *>column.values)[at]
        if value < 0 and is_valid(column.valid, at):
            raise bad_column(name, f"expected 0 to 2**64 - 1, row {row} is {value}",
                             "the header's params are unsigned 64-bit words", row)
    return 0


# ---- Producers ------------------------------------------------------------------------------------


cdef class Schema:
    """A schema that is ours to release."""

    cdef ArrowSchema schema

    def __dealloc__(self):
        if self.schema.release != NULL:
            self.schema.release(&self.schema)


cdef list chunks_of(object data):
    """The rows of whatever has the Arrow C stream or array interface."""
    if hasattr(data, "__arrow_c_array__"):  # what has both is in one piece
        schema, array = data.__arrow_c_array__()
        return chunk_of_array(schema, array)
    if hasattr(data, "__arrow_c_stream__"):
        return chunks_of_stream(data.__arrow_c_stream__())
    raise TypeError(
        "the batch is of the wrong type: expected a list of mesibo_abi.Message or columns with the "
        f"Arrow C interface (a table of pyarrow, polars, DuckDB, pandas), got {type(data).__name__} "
        f"({data!r:.60}); pass one of them"
    )


cdef list chunk_of_array(object schema_capsule, object array_capsule):
    cdef ArrowSchema *schema = <ArrowSchema *>PyCapsule_GetPointer(schema_capsule, "arrow_schema")
    cdef ArrowArray *array = <ArrowArray *>PyCapsule_GetPointer(array_capsule, "arrow_array")
    cdef Chunk chunk = Chunk.__new__(Chunk)
    if schema.release == NULL or array.release == NULL:
        raise taken()
    chunk.array = array[0]
    array.release = NULL  # it has moved
    check_schema(schema)
    chunk.take(schema, 0)
    return [chunk]


cdef list chunks_of_stream(object capsule):
    cdef ArrowArrayStream *stream = <ArrowArrayStream *>PyCapsule_GetPointer(
        capsule, "arrow_array_stream")
    cdef Schema schema = Schema.__new__(Schema)
    cdef Chunk chunk
    cdef uint64_t first = 0
    chunks = []
    if stream.release == NULL:
        raise taken()
    if stream.get_schema(stream, &schema.schema) != 0:
        raise stream_failed(stream)
    check_schema(&schema.schema)
    while True:
        chunk = Chunk.__new__(Chunk)
        if stream.get_next(stream, &chunk.array) != 0:
            raise stream_failed(stream)
        if chunk.array.release == NULL:
            break
        chunk.take(&schema.schema, first)
        first += chunk.count
        chunks.append(chunk)
    return chunks


cdef object taken():
    return InputError("the batch cannot be read",
                      detail="expected columns, found what was taken already",
                      hint="ask its producer for another")


cdef object stream_failed(ArrowArrayStream *stream):
    cdef const char *words = NULL
    if stream.get_last_error != NULL:
        words = stream.get_last_error(stream)
    return InputError(
        "the batch could not be read",
        detail="its producer says: " + (
            "nothing" if words == NULL else words.decode("utf-8", "replace")),
        hint="mend what it says",
    )
