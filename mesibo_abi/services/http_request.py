"""From the options of a module to the request that goes out, checked: what cannot be sent is
refused here, before anything is opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import urlsplit

from .exchange import Exchange
from .http_types import HttpRequest, Timeouts
from .transfer import Failure

FORM = "application/x-www-form-urlencoded"
USER_AGENT = "mesibo-abi"
DECODABLE = "gzip, deflate"

# A module may write any 64-bit number; these are beyond all sense and within all formats.
MOST_SECONDS = 365 * 24 * 3600
MOST_REDIRECTS = 1000
MOST_RETRIES = 1000
LAST_HTTP_DATE = 253402300799  # the end of the year 9999

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FRAMING = frozenset({"content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Plan:
    """A request and how it is to be made. `proxy` is a URL; `attempts` counts the first one."""

    request: HttpRequest
    proxy: str | None
    redirects: int
    attempts: int
    timeouts: Timeouts


def plan_request(exchange: Exchange, defaults: Timeouts) -> Plan:
    """Reads an exchange's options. Raises Failure, with the words, for what cannot be sent."""
    _check_url(exchange.url)
    return Plan(
        request=HttpRequest(
            method="GET" if exchange.post is None else "POST",
            url=exchange.url,
            headers=tuple(_headers(exchange)),
            body=exchange.post or b"",
        ),
        proxy=_proxy(exchange.proxy),
        redirects=min(exchange.maxredirects, MOST_REDIRECTS),
        attempts=1 + min(exchange.retries, MOST_RETRIES),
        timeouts=Timeouts(
            connect=_seconds(exchange.conn_timeout, defaults.connect),
            headers=_seconds(exchange.header_timeout, defaults.headers),
            body=_seconds(exchange.body_timeout, defaults.body),
            total=_seconds(exchange.total_timeout, defaults.total),
        ),
    )


def _seconds(option: int, default: float) -> float:
    return min(option, MOST_SECONDS) or default


def _check_url(url: str) -> None:
    if not url:
        raise Failure("the URL is empty")
    _check_text("the URL", url)
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError as error:
        raise Failure(f"the URL cannot be read: {error}") from None
    if not parts.scheme:
        raise Failure("the URL has no scheme; it must begin with http:// or https://")
    if parts.scheme not in ("http", "https"):
        raise Failure(f'the URL has the scheme "{parts.scheme}"; only http and https are served')
    if not parts.hostname:
        raise Failure("the URL names no host")


def _proxy(proxy: str | None) -> str | None:
    if not proxy:
        return None
    _check_text("proxy", proxy)
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise Failure(f'proxy is "{proxy}"; expected http://host:port or host:port')
    return url


def _headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Defaults and options, then the extra lines, which replace what has the same name."""
    extra = _extra(exchange.extra_header or "")
    named = {name.lower() for name, _ in extra}
    content_type = exchange.content_type or (FORM if exchange.post is not None else "")
    since = formatdate(min(exchange.ims, LAST_HTTP_DATE), usegmt=True) if exchange.ims else ""
    options = (
        ("accept", "Accept", exchange.accept or "*/*"),
        ("encoding", "Accept-Encoding", exchange.encoding or DECODABLE),
        ("user_agent", "User-Agent", exchange.user_agent or USER_AGENT),
        ("content_type", "Content-Type", content_type),
        ("referrer", "Referer", exchange.referrer),
        ("origin", "Origin", exchange.origin),
        ("cookie", "Cookie", exchange.cookie),
        ("cache_control", "Cache-Control", exchange.cache_control),
        ("etag", "If-None-Match", exchange.etag),
        ("ims", "If-Modified-Since", since),
    )
    own = [
        (name, _check_text(option, value).strip())
        for option, name, value in options
        if value and name.lower() not in named
    ]
    return own + extra


def _extra(lines: str) -> list[tuple[str, str]]:
    numbered = enumerate(lines.replace("\r\n", "\n").split("\n"), start=1)
    return [_extra_line(number, line) for number, line in numbered if line]


def _extra_line(number: int, line: str) -> tuple[str, str]:
    where = f"extra_header line {number}"
    _check_text(where, line)
    name, colon, value = line.partition(":")
    if not colon or not _TOKEN.fullmatch(name):
        raise Failure(f'{where} is "{line}"; expected "Name: value"')
    if name.lower() in _FRAMING:
        raise Failure(f"{where} sets {name}, which the host itself does")
    return name, value.strip()


def _check_text(what: str, value: str) -> str:
    """Nothing that could begin a header line of its own, nothing that cannot be encoded."""
    if _CONTROL.search(value):
        raise Failure(f"{what} holds a line break or another control character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Failure(f"{what} holds bytes that are not UTF-8") from None
    return value
