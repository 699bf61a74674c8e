"""nanobind and pybind11: the same classes, bound by each in its own way."""

from __future__ import annotations

import importlib.metadata
from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from ..calls import Call, Given
from ..compiling import Part, compiled, native
from .base import CALLER, FILTER, Calling, How, Libraries, Peer, Seen, handler_of, request
from .built import imported


@cache
def _bound(part: Part) -> Any:
    return imported(part)


class Bound(Peer, ABC):
    """A peer in C++ with the classes Module and Params."""

    def __init__(self, libraries: Libraries) -> None:
        super().__init__(libraries)
        self.bound = _bound(self.part())
        self.module = self.bound.Module(str(libraries.filter), FILTER)

    @classmethod
    @abstractmethod
    def part(cls) -> Part:
        """What is compiled."""

    @classmethod
    def compile(cls) -> None:
        """The extension module."""
        compiled(cls.part())

    def _on_message(self, given: Given, method: str) -> Call:
        names = {
            "on_message": getattr(self.module, method),
            "params": self.bound.Params(to=given.to, from_=given.from_, id=given.id),
            "payload": given.payload,
        }
        return Call("on_message(params, payload)", names)

    def held(self, given: Given) -> Call:
        """A method of Module."""
        return self._on_message(given, "on_message")

    def released(self, given: Given) -> Call:
        """Another, with gil_scoped_release."""
        return self._on_message(given, "on_message_released")

    def fields(self, given: Given) -> Call:
        """Keywords of the method; the struct is on the C++ stack."""
        names = {
            "on_fields": self.module.on_fields,
            "payload": given.payload,
            "to": given.to,
            "from_": given.from_,
            "id_": given.id,
        }
        return Call("on_fields(payload, to=to, from_=from_, id=id_)", names)

    def upcalls(self, how: How, seen: Seen | None) -> Calling:
        """With gil_scoped_acquire where the GIL is released."""
        released = how is not How.HELD
        module = self.bound.Module(str(self.libraries.caller), CALLER, released, handler_of(seen))
        call = module.on_message_released if released else module.on_message
        params, payload = self.bound.Params, request(how)
        return lambda count: call(params(to="bob", from_="alice", id=count), payload)

    def close(self) -> None:
        """nanobind tells of instances that are left at the end of the process."""
        super().close()
        del self.module


class Nanobind(Bound):
    """nanobind."""

    name = "nanobind"
    requires: ClassVar[str | None] = "nanobind"

    @classmethod
    def part(cls) -> Part:
        """With nanobind's own sources, which belong to each extension."""
        import nanobind

        folder = Path(nanobind.include_dir()).parent
        return Part(
            "mesibo_bench_nanobind.so",
            (*native("nanobind.cpp"), folder / "src" / "nb_combined.cpp"),
            include=(nanobind.include_dir(), str(folder / "ext" / "robin_map" / "include")),
            flags=("-fno-strict-aliasing",),
            version=importlib.metadata.version("nanobind"),
        )


class Pybind11(Bound):
    """pybind11."""

    name = "pybind11"
    requires: ClassVar[str | None] = "pybind11"

    @classmethod
    def part(cls) -> Part:
        """Headers are all there is."""
        import pybind11

        return Part(
            "mesibo_bench_pybind11.so",
            native("pybind11.cpp"),
            include=(pybind11.get_include(),),
            version=importlib.metadata.version("pybind11"),
        )
