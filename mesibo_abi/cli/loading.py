"""From what the arguments of `run` name to a host with its modules, built first where asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .. import config
from ..compiler import build
from ..errors import InputError
from ..outputs import PREFIX
from ..types import OnFailure
from .arguments import SOURCE_SUFFIXES, Plan
from .isolating import NOT_ISOLATED, Isolating
from .terminate import terminable

if TYPE_CHECKING:
    from ..host import DebugHandler, Host
    from ..tracing import Trace


def open_host(
    plan: Plan,
    on_failure: OnFailure,
    *,
    latencies: bool = False,
    isolating: Isolating = NOT_ISOLATED,
    trace: Trace | None = None,
    debug: DebugHandler | None = None,
) -> Host:
    """A host with the modules of the plan, the libraries among them isolated where asked. Raises
    as `Host.from_config` and `Host.load`, and InputError for a module that is still a source."""
    from ..host import Host  # only now: it is the slowest to import

    if plan.configuration is not None:
        return Host.from_config(
            plan.configuration,
            on_failure=on_failure,
            latencies=latencies,
            trace=trace,
            debug=debug,
            isolated=isolating.isolated,
            deadline=isolating.deadline,
            init_deadline=isolating.init_deadline,
            restart=isolating.restart,
            module_limits=isolating.limits,
        )
    host = Host(on_failure=on_failure, latencies=latencies, trace=trace, debug=debug)
    try:
        for path in plan.modules:
            _refuse_source(path)
            how = NOT_ISOLATED if path.suffix == ".py" else isolating
            host.load(
                module_name(path),
                path,
                isolated=how.isolated,
                deadline=how.deadline,
                init_deadline=how.init_deadline,
                restart=how.restart,
                limits=how.limits,
            )
    except BaseException:
        host.close()
        raise
    return host


def module_name(path: Path) -> str:
    """The name of the module in a file, a library's or a source's."""
    return path.stem.removeprefix(PREFIX) or path.stem


def _refuse_source(path: Path) -> None:
    if path.suffix in SOURCE_SUFFIXES:
        raise InputError(
            f"{path}: a source, not a module",
            detail=f"expected a library or a Python file, found a name that ends in {path.suffix}",
            hint="add --build to have it compiled first",
        )


class Builder:
    """Builds what is missing, or older than its source, for a revision. `built` are the libraries
    it made."""

    def __init__(self, revision: str = "doc2019") -> None:
        self._revision = revision
        self.built: list[Path] = []

    def build(self, plan: Plan) -> Plan:
        """The plan with a library in place of each source. The modules of a configuration are
        built from the sources of their names beside it, where there are any.

        Raises BuildError, ConfigError, and InputError where several sources could be meant.
        """
        if plan.configuration is not None:
            folder = plan.configuration.parent
            for name in dict.fromkeys(m.name for m in config.read(plan.configuration).modules):
                source = _source_of(name, folder)
                if source is not None:
                    self._make(name, source)
            return plan
        modules = [
            self._make(module_name(path), path) if path.suffix in SOURCE_SUFFIXES else path
            for path in plan.modules
        ]
        return dataclasses.replace(plan, modules=tuple(modules))

    def _make(self, name: str, source: Path) -> Path:
        library = source.parent / f"{PREFIX}{name}.so"
        if _is_older(library, source):
            with terminable():
                build(source, name=name, output=library, revision=self._revision)
            self.built.append(library)
        return library


def _source_of(name: str, folder: Path) -> Path | None:
    found = list(_sources_of(name, folder))
    if len(found) > 1:
        raise InputError(
            f"{folder}: several sources for the module {name!r}",
            detail=f"expected one, found {', '.join(path.name for path in found)}",
            hint="build it yourself with `mesibo-abi build`, or move the others away",
        )
    return found[0] if found else None


def _sources_of(name: str, folder: Path) -> Iterator[Path]:
    if "/" in name or "\0" in name:
        return  # no file can have it; the host says so
    for stem in (name, f"{PREFIX}{name}"):
        for suffix in SOURCE_SUFFIXES:
            path = folder / f"{stem}{suffix}"
            if path.is_file():
                yield path


def _is_older(library: Path, source: Path) -> bool:
    try:
        return library.stat().st_mtime_ns < source.stat().st_mtime_ns
    except FileNotFoundError:  # the library, or the source: then the build says so
        return True
