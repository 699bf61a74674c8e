"""A certificate of its own for a peer."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..errors import Error

_HOST = "localhost"
_COMMAND = (
    *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
    *("-subj", f"/CN={_HOST}", "-addext", f"subjectAltName=DNS:{_HOST}"),
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that vouches for itself: `file` is what a client has to trust (SSL_CERT_FILE),
    `host` the name that it is for, `context` a server's with it."""

    file: Path
    context: ssl.SSLContext
    host: str = _HOST


def self_signed(folder: Path) -> Certificate:
    """Makes one, of two days, in a folder. Raises Error without the program openssl."""
    key, file = folder / "key.pem", folder / "cert.pem"
    command = [*_COMMAND, "-keyout", str(key), "-out", str(file)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        raise Error(
            f"no certificate can be made in {folder}",
            detail=f"expected openssl to make it, found: {said.decode(errors='replace').strip()}",
            hint="install it: apt-get install openssl, dnf install openssl, or the like",
        ) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return Certificate(file, context)
