"""What aiohttp raises, as words for people, each with a verdict on whether to try again."""

from __future__ import annotations

import os
import ssl

import aiohttp
from aiohttp.http_exceptions import ContentLengthError, TransferEncodingError

from .http_request import Plan
from .transfer import Failure


def before_answer(error: Exception, plan: Plan) -> Failure:
    """The failure for an exception raised before an answer was there."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Failure(
            f"not connected within {plan.timeouts.connect:g} s (conn_timeout)", again=True
        )
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return Failure(f"TLS with {_peer(error)} failed: {_tls(error)}")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Failure(f"the host {error.host} is not found: {_system(error.os_error)}", again=True)
    if isinstance(error, aiohttp.ClientConnectorError):
        via = "the proxy " if isinstance(error, aiohttp.ClientProxyConnectionError) else ""
        return Failure(
            f"cannot connect to {via}{_peer(error)}: {_system(error.os_error)}", again=True
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return Failure(f"the proxy refused to connect: {error.status} {error.message}")
    if isinstance(error, aiohttp.ServerDisconnectedError | OSError):
        return Failure("the server closed the connection without an answer", again=True)
    return _no_answer(error, plan)


def _no_answer(error: Exception, plan: Plan) -> Failure:
    if isinstance(error, aiohttp.TooManyRedirects):
        return Failure(f"more redirects than the {plan.redirects} of maxredirects")
    if isinstance(error, aiohttp.RedirectClientError):
        return Failure(f'redirected to "{error.args[0]}", which is no http or https URL')
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure(f"the answer is not valid HTTP: {_first_line(error.message)}")
    if isinstance(error, UnicodeError):
        return Failure("the host is not a valid name")
    return Failure(f"cannot be requested: {_first_line(str(error)) or type(error).__name__}")


def in_body(error: Exception, received: int, length: int | None) -> Failure:
    """The failure for an exception raised while the body came in, `received` bytes of it."""
    cause = error.__cause__
    malformed = (
        isinstance(error, aiohttp.ClientPayloadError)
        and cause is not None
        and not isinstance(cause, ContentLengthError | OSError)
        and not (isinstance(cause, TransferEncodingError) and "Not enough data" in str(cause))
    )
    if malformed:
        return Failure(f"the body is not valid HTTP: {_first_line(str(cause))}")
    of = "" if length is None else f" of {length}"
    return Failure(f"the body was cut short after {received}{of} bytes")


def _peer(error: aiohttp.ClientConnectorError) -> str:
    return f"{error.host}:{error.port}"


def _system(error: OSError) -> str:
    """The system's words: asyncio puts its own, with an address, in their place."""
    if isinstance(error.errno, int) and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)


def _tls(error: aiohttp.ClientConnectorError) -> str:
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return cause.reason.lower().replace("_", " ")
    return str(cause)


def _first_line(words: str) -> str:
    return words.strip().partition("\n")[0].rstrip(": ")
