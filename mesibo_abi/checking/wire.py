"""Values on their way from one process of the checks to another: JSON, in ASCII, so that text of a
configuration that is not UTF-8 crosses as well."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

_Value = TypeVar("_Value")


def encode(value: object) -> bytes:
    """Without a newline."""
    return json.dumps(msgspec.to_builtins(value, enc_hook=str)).encode()


def decode(data: bytes, kind: type[_Value]) -> _Value:
    """What `encode` was given."""
    return msgspec.convert(json.loads(data), kind, dec_hook=_made)


def _made(kind: Any, value: object) -> object:
    return kind(value)
