"""A host for Mesibo loadable modules: build, load, chain and test them from Python.

PYTEST_DONT_REWRITE: a package with a plugin is warned of where it was imported before pytest began,
and this file has no assertions.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bridge.batch import BatchResult
    from .bridge.module import LoadedModule
    from .bridge.tables import Table
    from .bridge.values import Message, Verdict
    from .checking.results import CheckReport, CheckResult, Finding, Outcome
    from .checking.runner import check
    from .compiler import BuildWarning, build
    from .crossings import Crossing
    from .elf import Inspection, inspect
    from .errors import (
        BadResult,
        BuildError,
        CallbackNotSet,
        ClosedError,
        ConfigError,
        ConfigWarning,
        Error,
        ForkedError,
        InputError,
        LoadError,
        ModuleCrashed,
        ModuleDown,
        ModuleError,
        ModuleHung,
        StructChanged,
    )
    from .host import Host
    from .isolation.limits import ModuleLimits
    from .isolation.stopped import Stopped
    from .isolation.worker import Restart
    from .limits import Dropped, Limits
    from .mailbox import Mailbox
    from .module import HttpAnswer, HttpOptions, Module
    from .paths import get_cmake_dir, get_include, get_pkgconfig_dir
    from .services.http_types import HttpRequest, HttpResponse
    from .stats import Latency, ModuleStats
    from .symbols import Frame
    from .tracing import Trace, Traced, TraceForm
    from .types import HttpState, LogRecord, MessageFields, OnFailure, Result, Revision, User

# Where each name lives: it is imported when it is first asked for, so that a command that needs one
# of them does not wait for all.
_HOMES = {
    "BadResult": "errors",
    "BatchResult": "bridge.batch",
    "BuildError": "errors",
    "BuildWarning": "compiler",
    "CallbackNotSet": "errors",
    "CheckReport": "checking.results",
    "CheckResult": "checking.results",
    "ClosedError": "errors",
    "ConfigError": "errors",
    "ConfigWarning": "errors",
    "Crossing": "crossings",
    "Dropped": "limits",
    "Error": "errors",
    "Finding": "checking.results",
    "ForkedError": "errors",
    "Frame": "symbols",
    "Host": "host",
    "HttpAnswer": "module",
    "HttpOptions": "module",
    "HttpRequest": "services.http_types",
    "HttpResponse": "services.http_types",
    "HttpState": "types",
    "InputError": "errors",
    "Inspection": "elf",
    "Latency": "stats",
    "Limits": "limits",
    "LoadError": "errors",
    "LoadedModule": "bridge.module",
    "LogRecord": "types",
    "Mailbox": "mailbox",
    "Message": "bridge.values",
    "MessageFields": "types",
    "Module": "module",
    "ModuleCrashed": "errors",
    "ModuleDown": "errors",
    "ModuleError": "errors",
    "ModuleHung": "errors",
    "ModuleLimits": "isolation.limits",
    "ModuleStats": "stats",
    "OnFailure": "types",
    "Outcome": "checking.results",
    "Restart": "isolation.worker",
    "Result": "types",
    "Revision": "types",
    "Stopped": "isolation.stopped",
    "StructChanged": "errors",
    "Table": "bridge.tables",
    "Trace": "tracing",
    "TraceForm": "tracing",
    "Traced": "tracing",
    "User": "types",
    "Verdict": "bridge.values",
    "build": "compiler",
    "check": "checking.runner",
    "get_cmake_dir": "paths",
    "get_include": "paths",
    "get_pkgconfig_dir": "paths",
    "inspect": "elf",
}

__all__ = [
    "BadResult",
    "BatchResult",
    "BuildError",
    "BuildWarning",
    "CallbackNotSet",
    "CheckReport",
    "CheckResult",
    "ClosedError",
    "ConfigError",
    "ConfigWarning",
    "Crossing",
    "Dropped",
    "Error",
    "Finding",
    "ForkedError",
    "Frame",
    "Host",
    "HttpAnswer",
    "HttpOptions",
    "HttpRequest",
    "HttpResponse",
    "HttpState",
    "InputError",
    "Inspection",
    "Latency",
    "Limits",
    "LoadError",
    "LoadedModule",
    "LogRecord",
    "Mailbox",
    "Message",
    "MessageFields",
    "Module",
    "ModuleCrashed",
    "ModuleDown",
    "ModuleError",
    "ModuleHung",
    "ModuleLimits",
    "ModuleStats",
    "OnFailure",
    "Outcome",
    "Restart",
    "Result",
    "Revision",
    "Stopped",
    "StructChanged",
    "Table",
    "Trace",
    "TraceForm",
    "Traced",
    "User",
    "Verdict",
    "build",
    "check",
    "get_cmake_dir",
    "get_include",
    "get_pkgconfig_dir",
    "inspect",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
