"""Text for people: errors in words, and nothing that a terminal would obey."""

from __future__ import annotations

import click

from ..errors import Error, LoadError, ModuleError
from ..text import utf8


def in_words(error: BaseException) -> str:
    """What an error says, below it what was noted of it; above a refusal to load what the module
    did that led to it, as in a traceback."""
    text = str(error) if isinstance(error, Error) else f"{type(error).__name__}: {error}"
    is_told = isinstance(error, LoadError) and isinstance(error.__cause__, ModuleError)
    above = [in_words(error.__cause__)] if error.__cause__ is not None and is_told else []
    return "\n".join([*above, text, *getattr(error, "__notes__", ())])


def reason_of(error: Exception) -> str:
    """Why a file cannot be used, without its name, which stands before it."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def say(text: str) -> None:
    """To standard error: what is for people and not part of the result."""
    click.echo(text, err=True)


def printable(text: str) -> str:
    """Text on one line: control characters show as escapes, bytes that are not UTF-8 as \\xNN."""
    text = utf8(text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
