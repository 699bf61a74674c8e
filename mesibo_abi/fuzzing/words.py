"""The words that a module knows, as a fuzz program reads them."""

from __future__ import annotations

from collections.abc import Iterable


def written(words: Iterable[bytes]) -> bytes:
    """As those of its own that it puts into cases."""
    return b"".join(len(word).to_bytes(2, "little") + word for word in words)


def dictionary(words: Iterable[bytes]) -> str:
    """As libFuzzer's dictionary."""
    return "".join(
        '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words if word
    )
