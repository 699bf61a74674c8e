"""A connection of the host's own, or words for people that say why there is none."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import ssl
from collections.abc import Awaitable
from typing import TypeVar

from .transfer import Failure

T = TypeVar("T")


async def connected(opening: Awaitable[T], peer: str, seconds: float) -> T:
    """Awaits a connection to `peer` for at most `seconds`. Raises Failure, which says that
    another attempt may do better where the peer may just not be there yet."""
    try:
        async with asyncio.timeout(seconds):
            return await opening
    except TimeoutError as error:
        if error.errno is not None:  # the system's own timeout
            raise no_connection(error, peer) from error
        raise Failure(f"not connected to {peer} within {seconds:g} s", again=True) from None
    except (OSError, ValueError) as error:
        raise no_connection(error, peer) from error


def no_connection(error: OSError | ValueError, peer: str) -> Failure:
    """The failure for what is raised while connecting."""
    if isinstance(error, socket.gaierror):
        return Failure(f"the host of {peer} is not found: {system_words(error)}", again=True)
    if isinstance(error, ssl.SSLError):
        return Failure(f"TLS with {peer} failed: {tls_words(error)}")
    if isinstance(error, ValueError):
        return Failure(f"the host of {peer} is not a valid name")
    return Failure(f"cannot connect to {peer}: {system_words(error)}", again=True)


def tls_words(error: ssl.SSLError) -> str:
    """What OpenSSL has against it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or str(error)).lower().replace("_", " ")


def system_words(error: OSError) -> str:
    """The system's words: asyncio puts its own, with an address, in their place, and those of
    several addresses into one text."""
    if isinstance(error.errno, int):
        return os.strerror(error.errno) if error.errno > 0 else error.strerror or str(error)
    if isinstance(error, ConnectionResetError):
        return os.strerror(errno.ECONNRESET)
    numbers = re.findall(r"\[Errno (\d+)\]", str(error))
    if numbers:
        return os.strerror(int(numbers[-1]))
    return str(error) or type(error).__name__


def broken(error: Exception) -> Failure:
    """The failure for what ends an open connection."""
    if isinstance(error, ssl.SSLError):
        words = tls_words(error)
    else:
        words = system_words(error) if isinstance(error, OSError) else str(error)
    return Failure(f"the connection broke: {words or type(error).__name__}")


def not_sent(seconds: float) -> Failure:
    """The failure for a connection that is given up before everything has gone out."""
    return Failure(f"what was written did not go out within {seconds:g} s of closing")


def printable(words: str) -> str:
    """On one line, and such that UTF-8 can take it: names come from anywhere."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)
