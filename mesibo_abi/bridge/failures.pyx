# cython: language_level=3, binding=False
"""What goes wrong between C and Python, and how it comes out on the other side."""

import logging

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int64_t

from .core cimport (
    MH_BAD_CODE,
    MH_DAMAGED,
    MH_NO_MEMORY_FOR_IT,
    MH_REWRITE_LOST,
    mh_current_pass,
    mh_damage,
    mh_failure,
    mh_instance,
    mh_label,
    mh_log_text,
    mh_pass,
    mh_upcall_failed,
)
from .values cimport c_text

cdef extern from "Python.h":
    long long PyLong_AsLongLongAndOverflow(object value, int *overflow) except? -1

from .. import faults

cdef object logger = logging.getLogger("mesibo_abi")
cdef str SEND_HANDLER = "send handler"  # as handlers.pyx calls it


cdef void keep_error(object error, str where):
    """An exception goes to whoever called into the module on this thread; where nobody did, it is
    logged."""
    cdef mh_pass *passing = mh_current_pass()
    mh_upcall_failed()
    if passing == NULL:
        # What came of a module has no traceback, and is all said in its words.
        logger.error("%s: %s", where, error, exc_info=error if error.__traceback__ else None)
        return
    if passing.errors == NULL:
        errors = []
        Py_INCREF(errors)
        passing.errors = <void *>errors
    (<list>passing.errors).append(error)
    if not isinstance(error, Exception):
        passing.over = True


cdef int64_t upcall_error(mh_instance *instance, object error, str where):
    """Keeps it, logs it for the module, and fails: -1."""
    name = mh_label(instance).decode("utf-8", "surrogateescape")
    is_own = where != SEND_HANDLER  # what a handler raises is the host's owner's business
    keep_error(faults.of_module(name, where, error) if is_own else error, f"module {name!r}, {where}")
    line = words_of(f"{where}: {type(error).__name__}: {error}".replace("\0", "\\0"))
    mh_log_text(instance, 0, PyBytes_AS_STRING(line), PyBytes_GET_SIZE(line))
    return -1


cdef bytes words_of(str text):
    try:
        return c_text(text)
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return text.encode("utf-8", "backslashreplace")


cdef object errors_of(mh_pass *passing):
    """The first exception of a pass, the others attached as notes; None: there was none. One that is
    nobody's verdict, such as KeyboardInterrupt, is raised, whenever it came."""
    if passing.errors == NULL:
        return None
    errors = <list>passing.errors
    Py_DECREF(errors)
    passing.errors = NULL
    for error in errors:
        if not isinstance(error, Exception):
            raise error
    first = errors[0]
    for other in errors[1:]:
        first.add_note(f"then, in the same call: {type(other).__name__}: {other}")
    return first


cdef int64_t as_code(object value, str what) except? -2:
    """What a Python callback returned, as the module ABI has it."""
    cdef int overflow = 0
    cdef long long code
    if value is None:
        return 0
    if not isinstance(value, int):
        raise TypeError(
            f"{what} returned {type(value).__name__}: expected a Result, an int or None, got "
            f"{value!r}; return mesibo_abi.Result.PASS"
        )
    code = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow != 0 or not -0x80000000 <= code <= 0x7FFFFFFF:
        raise OverflowError(
            f"{what} returned {value}: expected a code that fits a C int; return "
            "mesibo_abi.Result.PASS"
        )
    return code


cdef object damage_of(const mh_damage *damage):
    if damage.field == NULL:
        return None
    return faults.Damage(damage.field.decode(), damage.offset, damage.expected, damage.found)


cdef object failure_of(str module, str callback, mh_failure failure, int64_t code,
                       const mh_damage *damage, object error):
    if failure == MH_DAMAGED:
        return faults.struct_changed(module, damage.callback.decode(), damage_of(damage))
    if failure == MH_NO_MEMORY_FOR_IT:
        return MemoryError(f"module {module!r} was not called: no memory for a copy of the message")
    if failure == MH_REWRITE_LOST:
        return MemoryError(f"what module {module!r} made of the message is lost: no memory for it")
    if failure == MH_BAD_CODE:
        return faults.bad_result(module, callback, code)
    return error if error is not None else faults.upcall_failed(module, callback)
