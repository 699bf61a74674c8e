"""From the core to the services of a host: commands for its requests, and log lines that wait."""

from __future__ import annotations

import logging
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from .http import HttpService
from .http_types import HttpHandler
from .thread import ServiceThread

if TYPE_CHECKING:
    from ..bridge.requests import Exchange
    from .fastcgi import FcgiService
    from .sockets import SocketService


_PATIENCE = 5.0  # seconds
_log = logging.getLogger("mesibo_abi")


class Core(Protocol):
    """What the pump needs of a host."""

    def _wakeup_fd(self) -> int: ...
    def _clear_wakeup(self) -> None: ...
    def _take_command(self) -> tuple[str, Exchange, bytes] | None: ...
    def _tell_logs(self) -> None: ...


class Pump:
    """The services of one host, on a thread of their own, each made when it is first needed. It
    does not keep the host alive."""

    def __init__(self, core: Core, http: HttpHandler | None) -> None:
        self._core = weakref.ref(core)
        self._thread = ServiceThread()
        self._http = HttpService(self._thread, handler=http)
        self._thread.watch(core._wakeup_fd(), self._run)

    def close(self) -> None:
        """Ends the thread; what is open fails. That it does not end in time is logged."""
        if not self._thread.close(_PATIENCE) and not self._thread.is_current:
            _log.warning(
                "the services of a host go on\n"
                "  expected their thread to end within %g s of the close, found it at work\n"
                "  hint: nothing that is passed as Host(http=...) may block: see what it waits for",
                _PATIENCE,
            )

    @cached_property
    def _fastcgi(self) -> FcgiService:
        from .fastcgi import FcgiService

        return FcgiService(self._thread)

    @cached_property
    def _sockets(self) -> SocketService:
        from .sockets import SocketService

        return SocketService(self._thread)

    def _run(self) -> None:
        """On the service thread, whenever the core has something."""
        core = self._core()
        if core is None:
            return
        core._clear_wakeup()
        while (command := core._take_command()) is not None:
            what, exchange, data = command
            if exchange.kind == "http":
                self._tell_http(what, exchange)
            elif exchange.kind == "fastcgi":
                self._tell_fastcgi(what, exchange)
            else:
                self._tell_sockets(what, exchange, data)
        core._tell_logs()

    def _tell_http(self, what: str, exchange: Exchange) -> None:
        if what == "start":
            self._http.start(exchange)
        elif what == "cancel":
            self._http.cancel(exchange)
        elif what == "resume":
            self._http.resume(exchange)

    def _tell_fastcgi(self, what: str, exchange: Exchange) -> None:
        if what == "start":
            self._fastcgi.start(exchange)
        elif what == "cancel":
            self._fastcgi.cancel(exchange)

    def _tell_sockets(self, what: str, exchange: Exchange, data: bytes) -> None:
        if what == "start":
            self._sockets.start(exchange)
        elif what == "write":
            self._sockets.write(exchange, data)
        elif what == "resume":
            self._sockets.resume(exchange)
        else:  # to close, or nobody wants more: what was written goes out either way
            self._sockets.close(exchange)
