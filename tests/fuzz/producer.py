"""A producer of Arrow's C data interface that says whatever it is told to, true or not. Each buffer
lies between pages that nobody may touch."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_PAGE = mmap.PAGESIZE
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.mmap.restype = ctypes.c_void_p
_LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_LIBC.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class ArrowSchema(ctypes.Structure):
    pass


class ArrowArray(ctypes.Structure):
    pass


_RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowSchema))
_RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArray))
ArrowSchema._fields_ = [
    *((name, ctypes.c_char_p) for name in ("format", "name", "metadata")),
    *((name, ctypes.c_int64) for name in ("flags", "n_children")),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowSchema))),
    ("dictionary", ctypes.POINTER(ArrowSchema)),
    ("release", _RELEASE_SCHEMA),
    ("private_data", ctypes.c_void_p),
]
ArrowArray._fields_ = [
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers")),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowArray))),
    ("dictionary", ctypes.POINTER(ArrowArray)),
    ("release", _RELEASE_ARRAY),
    ("private_data", ctypes.c_void_p),
]
_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


@dataclass
class Column:
    """What is said of a column; a buffer that is None is NULL. `n_buffers` None: as many as there
    are."""

    name: str
    format: str
    length: int
    offset: int
    buffers: Sequence[bytes | None]
    n_buffers: int | None = None


@dataclass
class Producer:
    """A table of these columns, to be given away once. `at_end`: buffers end where a page does."""

    columns: Sequence[Column | None]
    length: int
    offset: int
    valid: bytes | None = None
    null_count: int = -1
    n_children: int | None = None
    at_end: bool = True
    released: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._kept: list[Any] = []
        self._pages: list[int] = []

    def close(self) -> None:
        """Gives its memory back."""
        for start in self._pages:
            _LIBC.munmap(start, 3 * _PAGE)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        kinds = [
            None if each is None else self._schema(each.format, each.name) for each in self.columns
        ]
        schema = self._schema("+s", "", kinds)
        array = self._array(self.length, self.offset, [self.valid], None)
        array.null_count = self.null_count
        array.n_children = len(self.columns) if self.n_children is None else self.n_children
        array.children = self._pointers(
            ArrowArray,
            [c and self._array(c.length, c.offset, c.buffers, c.n_buffers) for c in self.columns],
        )
        return (
            _new_capsule(ctypes.addressof(schema), b"arrow_schema", None),
            _new_capsule(ctypes.addressof(array), b"arrow_array", None),
        )

    def _schema(
        self, form: str, name: str, children: Sequence[ArrowSchema | None] = ()
    ) -> ArrowSchema:
        def release(schema: Any) -> None:
            self.released.append("schema")
            schema[0].release = _RELEASE_SCHEMA()

        made = ArrowSchema(format=form.encode(), name=name.encode(), flags=2)
        made.n_children, made.children = len(children), self._pointers(ArrowSchema, children)
        made.release = _RELEASE_SCHEMA(release)
        self._kept.append(made)
        return made

    def _array(
        self, length: int, offset: int, buffers: Sequence[bytes | None], count: int | None
    ) -> ArrowArray:
        def release(array: Any) -> None:
            self.released.append("array")
            array[0].release = _RELEASE_ARRAY()

        made = ArrowArray(length=length, null_count=-1, offset=offset)
        made.n_buffers = len(buffers) if count is None else count
        made.buffers = (ctypes.c_void_p * len(buffers))(*map(self._placed, buffers))
        made.release = _RELEASE_ARRAY(release)
        self._kept.append(made)
        return made

    def _pointers(self, kind: Any, whom: Sequence[Any]) -> Any:
        pointer = ctypes.POINTER(kind)
        made = (pointer * len(whom))(*(pointer(each) if each else pointer() for each in whom))
        self._kept.append(made)
        return made

    def _placed(self, data: bytes | None) -> int | None:
        if data is None:
            return None
        assert len(data) <= _PAGE
        start = _LIBC.mmap(None, 3 * _PAGE, 0, 0x22, -1, 0)  # nothing allowed, private, anonymous
        middle = start + _PAGE
        self._pages.append(start)
        assert _LIBC.mprotect(middle, _PAGE, mmap.PROT_READ | mmap.PROT_WRITE) == 0
        place = middle + (_PAGE - len(data) if self.at_end else 0)
        ctypes.memmove(place, data, len(data))
        return int(place)
