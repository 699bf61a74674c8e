"""Text that can be written as UTF-8."""

from __future__ import annotations


def utf8(text: str) -> str:
    """Text that can be written as UTF-8: bytes that are none show as \\xNN."""
    if text.isascii():
        return text
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair of UTF-16, which is no byte either
        data = text.encode("utf-8", "backslashreplace")
    return data.decode("utf-8", "backslashreplace")
