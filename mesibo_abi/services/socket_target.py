"""Where the URL of a socket leads."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from urllib.parse import urlsplit

from .transfer import Failure


class Scheme(enum.StrEnum):
    """The URL schemes of sockets."""

    SOCK = "sock"
    """A plain TCP socket."""
    SOCKS = "socks"
    """A TLS socket."""
    WS = "ws"
    WSS = "wss"

    @property
    def is_web(self) -> bool:
        """Whether a WebSocket is meant."""
        return self in (Scheme.WS, Scheme.WSS)

    @property
    def is_tls(self) -> bool:
        """Whether the connection is TLS."""
        return self in (Scheme.SOCKS, Scheme.WSS)


_PORTS = {Scheme.SOCKS: 443, Scheme.WS: 80, Scheme.WSS: 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was understood. Path and query count for a WebSocket only."""

    url: str
    scheme: Scheme
    host: str
    port: int

    @property
    def peer(self) -> str:
        """Host and port, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """Raises Failure for a URL that is none, or not of a socket."""
    if not url.isprintable() or " " in url:
        raise Failure("the URL has a character that no URL has")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Failure("the URL's host is not valid") from None
    try:
        scheme = Scheme(parts.scheme)
    except ValueError:
        raise Failure("the URL does not begin with sock://, socks://, ws:// or wss://") from None
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Failure("the URL's port is not from 1 to 65535") from None
    if not host:
        raise Failure("the URL has no host")
    if port is None:
        port = _PORTS.get(scheme)
    if port is None:
        raise Failure(f"the URL has no port, which {scheme}:// needs")
    if port == 0:
        raise Failure("the URL's port is not from 1 to 65535")
    return Target(url, scheme, host, port)
