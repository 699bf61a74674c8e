"""`Host`: a chain of modules, from code or from a configuration."""

from __future__ import annotations

import atexit
import functools
import importlib
import logging
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from . import config as configuration
from .bridge.host import close_gate
from .bridge.module import LoadedModule
from .bridge.passes import PassingHost
from .bridge.values import Message, Verdict
from .checks import as_path
from .errors import Error, LoadError
from .isolation.stopped import Stopped
from .limits import Dropped, Limits
from .loading import Loader, Target
from .mailbox import Mailbox
from .services.http_types import HttpHandler
from .stats import Latency, ModuleStats
from .tracing import Trace, Traced
from .types import LogRecord, OnFailure, Revision

if TYPE_CHECKING:
    from .isolation.limits import ModuleLimits
    from .isolation.worker import RestartPolicy
    from .services.pump import Pump

SendHandler: TypeAlias = Callable[[LoadedModule, Message], int | None]
LogHandler: TypeAlias = Callable[[LogRecord], int | None]
DebugHandler: TypeAlias = Callable[[Stopped], object]
TraceFile: TypeAlias = Trace | str | os.PathLike[str]

_log = logging.getLogger("mesibo_abi")
_EXIT_PATIENCE = 5.0  # seconds for the lock of a host that a callback still has at exit
_open_hosts: weakref.WeakSet[Host] = weakref.WeakSet()


class Host(PassingHost):
    """A chain of modules, and what they need of a server. A context manager: `close` at the end.

    `send(module, message)`, `log(record)` and `http(request)` are called in place of the outbox,
    the log and the network; what `send` and `log` return (an int, None for 0) goes back to the
    module. They run on the module's thread, often while the host's other threads wait. `http` runs
    on the service thread. `debug(stopped)` is called before the process of an isolated module ends
    for what the module did, or hangs: it is kept as it is, without a deadline, until `debug`
    returns. That runs on a thread of its own.

    `on_failure` is what happens to a message on which a module fails. `resend_depth` above 0 sends
    what modules send during `process` through the chain as well, at most so deep; the verdicts are
    in `verdict.resent`. `latencies` keeps how long callbacks take, for `stats`; that costs
    each some 50 ns. `trace` is a file, or a Trace, that every call to and from the modules is
    written to. `config_folder` is searched for modules first.

    All methods may be called from any thread, but not in a child of `fork` (ForkedError).
    """

    def __init__(
        self,
        *,
        send: SendHandler | None = None,
        log: LogHandler | None = None,
        http: HttpHandler | None = None,
        debug: DebugHandler | None = None,
        on_failure: OnFailure | str = OnFailure.STOP,
        resend_depth: int = 0,
        limits: Limits | None = None,
        latencies: bool = False,
        trace: TraceFile | None = None,
        config_folder: str | os.PathLike[str] | None = None,
    ) -> None:
        limits = limits or Limits()
        for what, handler in (("send", send), ("log", log), ("http", http), ("debug", debug)):
            _check(handler is None or callable(handler), f"{what}=", "a callable or None", handler)
        _check(isinstance(limits, Limits), "limits=", "mesibo_abi.Limits", limits)
        _check(
            isinstance(resend_depth, int) and 0 <= resend_depth < 1 << 31,
            "resend_depth=",
            "a number of 0 or more",
            resend_depth,
        )
        _check(
            config_folder is None or isinstance(config_folder, str | os.PathLike),
            "config_folder=",
            "a path",
            config_folder,
        )
        _check(on_failure in list(OnFailure), "on_failure=", "'stop' or 'pass'", on_failure)
        _check(isinstance(latencies, bool), "latencies=", "a bool", latencies)
        _check(
            trace is None or isinstance(trace, Trace | str | os.PathLike),
            "trace=",
            "a path or a mesibo_abi.Trace",
            trace,
        )
        file = Trace(trace) if isinstance(trace, str | os.PathLike) else trace
        descriptor = -1 if file is None else file.open()
        self._is_traced = file is not None
        self._http_handler = http
        self._latencies = latencies
        self._loader = Loader(self, None if config_folder is None else Path(config_folder))
        self._pump: Pump | None = None
        self._pump_lock = threading.Lock()
        self._depth = threading.local()
        self.resend_depth = resend_depth
        self.sent: Mailbox[Message] = Mailbox(self._take_sent)
        """Messages that modules sent outside of `process`: from an HTTP callback, from a thread of
        their own, in a direct call. Iterating takes them."""
        self.logs: Mailbox[LogRecord] = Mailbox(self._new_logs, most=65536, told=self._forward)
        """Lines logged outside of `process`, in loading and closing. Iterating takes them."""
        self._open(
            send=send,
            log=log,
            debug=debug,
            pass_on_failure=OnFailure(on_failure) is OnFailure.PASS,
            outbox_bytes=limits.outbox,
            log_bytes=limits.logs,
            requests=limits.requests,
            latencies=latencies,
        )
        if file is not None:
            self._trace(descriptor, file.is_perfetto)
        _open_hosts.add(self)

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str],
        *,
        send: SendHandler | None = None,
        log: LogHandler | None = None,
        http: HttpHandler | None = None,
        debug: DebugHandler | None = None,
        on_failure: OnFailure | str = OnFailure.STOP,
        resend_depth: int = 0,
        limits: Limits | None = None,
        latencies: bool = False,
        trace: TraceFile | None = None,
        isolated: bool = False,
        deadline: float | None = 5.0,
        init_deadline: float | None = 10.0,
        restart: RestartPolicy = "always",
        module_limits: ModuleLimits | None = None,
    ) -> Self:
        """A host with the modules of a mesibo.conf, in its order. Modules are looked for in its
        folder, in MESIBO_MODULE_PATH and in /usr/lib64/mesibo. `isolated`, `deadline`,
        `init_deadline` and `restart` are as in `load`, and `module_limits` are its `limits`, for
        each of them that is a library; those in Python run in this process, without.

        Raises ConfigError, and LoadError with a note that says which line asked for the module.
        """
        read = configuration.read(as_path("the configuration", path))
        host = cls(
            send=send,
            log=log,
            http=http,
            debug=debug,
            on_failure=on_failure,
            resend_depth=resend_depth,
            limits=limits,
            latencies=latencies,
            trace=trace,
            config_folder=Path(path).absolute().parent,
        )
        load_library = functools.partial(
            host.load,
            isolated=isolated,
            deadline=deadline,
            init_deadline=init_deadline,
            restart=restart,
            limits=module_limits,
        )
        try:
            for section in read.modules:
                host._load_section(read, section, load_library)
        except BaseException:
            host.close()
            raise
        return host

    def _load_section(
        self,
        read: configuration.Configuration,
        section: configuration.ModuleSection,
        load_library: Callable[..., LoadedModule],
    ) -> None:
        try:
            target = self._loader.find(section.name)
            load = self.load if target.suffix == ".py" else load_library
            load(section.label, target, config=section.items)
        except LoadError as error:
            error.add_note(f"asked for in {read.path}, line {section.line}")
            raise

    @property
    def traced(self) -> Traced | None:
        """How much of the trace is written so far; None: there is none."""
        if not self._is_traced:
            return None
        crossings, dropped, error = self._traced()
        return Traced(crossings, dropped, os.strerror(error) if error else None)

    # -- loading

    def load(
        self,
        name: str,
        target: Target | None = None,
        *,
        config: Mapping[str, str] | None = None,
        revision: Revision | str | None = None,
        entry_point: str | None = None,
        hold_gil: bool = False,
        thread_safe: bool = False,
        zero_copy: bool = False,
        isolated: bool = False,
        deadline: float | None = 5.0,
        init_deadline: float | None = 10.0,
        restart: RestartPolicy = "always",
        limits: ModuleLimits | None = None,
        terminated: bool = True,
    ) -> LoadedModule:
        """Loads a module at the end of the chain and returns it.

        `target` is a library, a Python file, a subclass of Module or an instance of one; without it
        the module is searched for by name. `name` is what the host calls it, made unique with a
        `#2` where it is taken. `config` are its items. `revision` and `entry_point` are for
        libraries that do not tell. `hold_gil` keeps the GIL during its callbacks, which must be
        short then; `thread_safe` enters it without the host's lock; `zero_copy` gives it the
        messages of a batch where they lie in the caller's columns, with no NUL behind them: for
        modules that keep to `len` and to const (one of sdk2020 may write, and gets a copy).

        `isolated` runs a library in a process of its own, where it cannot harm this one: what ends
        it, or takes longer than `deadline` seconds (`init_deadline` for its init; None: no bound),
        is a ModuleCrashed in the verdict. Then it is started again, with its init and its items:
        "always", "never", or as a Restart says. `deadline`, `init_deadline` and `restart` say
        nothing without `isolated`. `limits` are what that process may take of memory, time of the
        processor, files and the network, each time that it is started. Without `terminated` there
        is no NUL behind the messages and answers that it is handed, as a server need not put one
        there: who reads past `len` has a fault, and so has who reads past an address or the params,
        or touches what it was handed for one of the last calls.

        Raises InputError for options that do not go together, and for bounds that are none. Raises
        LoadError, which says what is wrong and with what the module logged; nothing of a refused
        module stays. Warns (ConfigWarning) of items that a revision cannot receive.
        """
        isolation = None
        if isolated or limits is not None or not terminated:
            from .isolation.worker import (
                isolation_of,
                limits_in_vain,
                refuse_together,
                unterminated_in_vain,
            )

            if not isolated and limits is not None:
                raise limits_in_vain(name, limits)
            if not isolated:
                raise unterminated_in_vain(name)
            refuse_together(name, hold_gil=hold_gil, thread_safe=thread_safe, zero_copy=zero_copy)
            isolation = isolation_of(name, deadline, init_deadline, restart, limits, terminated)
            importlib.import_module(".isolation.report", __package__)  # not when it has crashed
        return self._loader.load(
            name,
            target,
            config=config,
            revision=revision,
            entry_point=entry_point,
            hold_gil=hold_gil,
            thread_safe=thread_safe,
            zero_copy=zero_copy,
            isolation=isolation,
        )

    def _module_named(self, name: str) -> LoadedModule | None:
        return next((module for module in self.modules if module.name == name), None)

    def stats(self) -> tuple[ModuleStats, ...]:
        """What each module did since it was loaded, in the order of the chain. Counting is always
        on. While other threads call modules the numbers of one need not be of one moment. A module
        that is closed is not in it any more. Raises ForkedError."""
        self._check_here()
        return tuple(self._stats_of(module) for module in self.modules)

    def _stats_of(self, module: LoadedModule) -> ModuleStats:
        counts, times = module._stats()
        return ModuleStats(module.name, *counts, Latency(*times) if self._latencies else None)

    # -- mail

    @property
    def dropped(self) -> Dropped:
        """What was dropped so far because nobody took what came before."""
        sent, logs = self._dropped()
        return Dropped(sent, logs + self.logs.lost, self._refused_requests())

    def _new_logs(self) -> list[LogRecord]:
        records, dropped = self._take_logs()
        if dropped:
            records.insert(0, self._loss(dropped))
        return records

    @staticmethod
    def _loss(dropped: int) -> LogRecord:
        text = f"{dropped} older log lines were dropped: take them sooner, or raise Limits.logs"
        return LogRecord("", 0, text, time.time(), threading.get_native_id())

    def _tell_logs(self) -> None:
        """Lets Python's logging have what was logged. Where it wants none of it the core keeps the
        lines until they are taken: a module that logs without a pause would keep a thread busy
        here."""
        if self._forwards(self._loader.names):
            self.logs.gather()

    def _tell_last_logs(self, name: str) -> None:
        """The same for a module that is gone: its lines are told when this returns, whichever
        thread had taken them."""
        if self._forwards([name]):
            self.logs.settle()

    def _deliver(self, sent: list[Message], logs: list[LogRecord]) -> None:
        """What came while a module was loaded or closed, or with a call that raised."""
        self.sent.put(sent)
        self.logs.put(logs)

    def _keep(self, sent: list[Message], logs: list[LogRecord]) -> None:
        self._forward(logs)
        self._deliver(sent, logs)

    def _forward(self, records: Iterable[LogRecord]) -> None:
        """To Python's logging: level 0 is INFO, the others are DEBUG."""
        for record in records:
            target = _module_logger(record.module)
            level = logging.DEBUG if record.level else logging.INFO
            if target.isEnabledFor(level):
                target.log(level, "%s", record.text, extra={"mesibo": record})

    def _forwards(self, names: Iterable[str]) -> bool:
        """Whether Python's logging wants any line of the modules of these names."""
        return any(_module_logger(name).isEnabledFor(logging.INFO) for name in names)

    def _tell_ended(self, module: LoadedModule, error: Error) -> None:
        """The process of a module ended, or is not started again, and nobody waits for a call of
        it, to whom that would be raised; the bridge calls it. No traceback: its words say all."""
        _log.error("module %r: %s", module.name, error)

    def _resend(self, verdict: Verdict) -> None:
        """Sends what was sent through the chain as well."""
        depth: int = getattr(self._depth, "value", 0)
        if depth >= self.resend_depth:
            return
        self._depth.value = depth + 1
        try:
            for message in verdict.sent:
                verdict.resent.append(self.process(message))
        finally:
            self._depth.value = depth

    # -- services and the end

    def _serve(self) -> None:
        """Starts the services; the core calls it for the first request."""
        with self._pump_lock:
            if self._pump is None:
                from .services.pump import Pump

                # At exit hosts come before the services that they need.
                atexit.unregister(_close_all)
                atexit.register(_close_all)
                self._pump = Pump(self, self._http_handler)

    def _closed(self, module: LoadedModule, code: int) -> None:
        """A module was closed; the bridge calls it."""
        self._forget(module)
        self._loader.forget(module)
        if module.kept is not None:
            _log.info("module %r stays mapped: %s", module.name, module.kept)
        if code != 0:
            _log.warning("the cleanup of module %r returned %d", module.name, code)
        self._tell_last_logs(module.name)

    def close(self) -> None:
        """Closes the modules in the order of the chain, each after its requests have failed, and
        ends the host's threads. `sent` and `logs` can still be taken. Does nothing the second time.

        Raises Error inside a callback of one of its modules, and what the cleanup of a Python
        module raised (the first one), when everything is closed.
        """
        self._close_within(-1)

    def _close_within(self, seconds: float) -> None:
        if self.closed or not self._here():
            return
        self._refuse()
        _open_hosts.discard(self)
        errors = [error for module in self.modules if (error := _closing(module, seconds))]
        if self._pump is not None:
            self._pump.close()
        if not self.modules:
            self._stop()
        if (traced := self.traced) is not None and traced.dropped:
            _log.warning("the trace is not whole: %s", traced)
        for later in errors[1:]:
            errors[0].add_note(f"then, closing another module: {type(later).__name__}: {later}")
        if errors:
            raise errors[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not self.closed and self._here():
            warnings.warn(f"unclosed host {self!r}", ResourceWarning, source=self, stacklevel=2)
            self._close_within(_EXIT_PATIENCE)

    def __repr__(self) -> str:
        names = ", ".join(module.name for module in self.modules)
        return f"<Host [{names}]{' closed' if self.closed else ''}>"


def _check(right: bool, what: str, expected: str, got: object) -> None:
    if not right:
        raise TypeError(
            f"Host cannot be made with this {what}: expected {expected}, got {got!r}; pass that, "
            "or leave it out"
        )


def _closing(module: LoadedModule, seconds: float) -> BaseException | None:
    try:
        module._close(seconds)
    except BaseException as error:  # an interrupt, too, must not leave the others open
        return error
    return None


@functools.lru_cache(maxsize=1024)
def _module_logger(module: str) -> logging.Logger:
    return logging.getLogger(f"mesibo_abi.module.{module}" if module else "mesibo_abi")


@atexit.register
def _close_all() -> None:
    """At interpreter exit: no more upcalls but from this thread, then every host in turn."""
    close_gate(_EXIT_PATIENCE)
    for host in list(_open_hosts):
        try:
            host._close_within(_EXIT_PATIENCE)
        except Error as error:
            _log.warning("at exit: %s", error)
