"""Reads mesibo.conf: the modules of a chain, in order, and the items of each.

    log = 1                     an item of the server
    module filter {             a block: one module
        # a comment, as is /* ... */ from the start of a line
        words = spam, eggs      an item: the value runs to the end of the line
    }
    module echo                 a module without items

`module=filter {`, `module = filter{` and a brace on the next line mean the same. Nothing inside a
value is a comment. Blanks are the six of C; any other character is text.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .errors import ConfigError

_BLANKS = " \t\r\v\f"
_INT_MAX = 2**31 - 1
_ATOI = re.compile(r"[ \t\n\v\f\r]*(?P<sign>[+-]?)0*(?P<digits>[0-9]*)")
_HEADER = re.compile(
    r"module(?=[ \t\r\v\f={]|$)[ \t\r\v\f]*(?P<equals>=?)[ \t\r\v\f]*(?P<name>[^ \t\r\v\f={}#]*)"
    r"[ \t\r\v\f]*(?P<brace>\{?)[ \t\r\v\f]*(?P<rest>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Item:
    """A `key = value` outside of blocks: the server's. `line` counts from 1."""

    key: str
    value: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ModuleSection:
    """One module of the chain.

    `label` is its name, made unique where a module stands more than once: `filter`, `filter#2`.
    `items` keep their order; `line` (from 1) is where the block opens.
    """

    name: str
    label: str
    items: dict[str, str]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a mesibo.conf says; the order of `modules` is the order of the chain."""

    path: Path | None
    modules: tuple[ModuleSection, ...]
    server: tuple[Item, ...]


def read(path: str | os.PathLike[str]) -> Configuration:
    """Reads a configuration file. Bytes that are not UTF-8 survive as surrogate escapes.

    Raises ConfigError for a file that cannot be read or is no configuration.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a NUL in the path"
        raise ConfigError(
            f"{file}: the configuration cannot be read",
            path=file,
            detail=f"expected a text file, found: {reason}",
            hint="give the path of a mesibo.conf",
        ) from error
    return parse(data.decode("utf-8-sig", "surrogateescape"), path=file)


def parse(text: str, *, path: Path | None = None) -> Configuration:
    """Reads the text of a configuration; `path` is for the messages. Raises ConfigError."""
    reader = _Reader()
    for number, raw in enumerate(text.split("\n"), 1):
        reader.read(_Line(path, number, raw))
    reader.finish()
    return Configuration(path, tuple(reader.modules), tuple(reader.server))


def render(configuration: Configuration) -> str:
    """The text that reads back as this configuration, the server's items first.

    Raises ConfigError where there is none: a value of two lines, a label not made by `parse`.
    """
    lines = [f"{item.key} = {item.value}" for item in configuration.server]
    for section in configuration.modules:
        if not section.items:
            lines.append(f"module {section.name}")
            continue
        lines.append(f"module {section.name} {{")
        lines += [f"    {key} = {value}" for key, value in section.items.items()]
        lines.append("}")
    text = "".join(f"{line}\n" for line in lines)
    if parse(text, path=configuration.path) != configuration:
        raise ConfigError(
            "the configuration cannot be written as text",
            path=configuration.path,
            detail="expected text that reads back the same, found other names, keys or values",
            hint="keep line breaks and outer blanks out of values, and blanks out of names",
        )
    return text


def log_level(items: Mapping[str, str]) -> int:
    """The item `log` as C's atoi reads it, within 0..2^31-1: no number is 0, and never an error."""
    if "log" not in items:
        return 0
    found = _ATOI.match(items["log"])
    if found is None or found["sign"] == "-":
        return 0
    # Eleven digits are past the clamp; more of them would only cost time.
    return min(int(found["digits"][:11] or "0"), _INT_MAX)


@dataclass(frozen=True, slots=True)
class _Line:
    path: Path | None
    number: int
    raw: str

    def error(self, offset: int, what: str, *, detail: str, hint: str) -> ConfigError:
        """An error that points at the character at `offset`."""
        place = f"{self.path or 'configuration'}:{self.number}:{offset + 1}"
        return ConfigError(
            f"{place}: {what}",
            path=self.path,
            line=self.number,
            column=offset + 1,
            detail=f"{self._excerpt(offset)}\n{detail}",
            hint=hint,
        )

    def _excerpt(self, offset: int) -> str:
        """The part of the line around `offset`, a caret below it."""
        start = max(0, offset - 60)
        shown = self.raw[start : offset + 40].rstrip(_BLANKS)
        printable = "".join(c if c.isprintable() else " " if c in _BLANKS else "?" for c in shown)
        return f"  {printable}\n  {' ' * (offset - start)}^"


class _Reader:
    """Takes one line after the other."""

    def __init__(self) -> None:
        self.modules: list[ModuleSection] = []
        self.server: list[Item] = []
        self._loads: Counter[str] = Counter()
        self._comment: tuple[_Line, int] | None = None  # where the open comment starts
        self._header: tuple[_Line, int] | None = None  # of the newest module
        self._in_block = False
        self._may_open = False  # the header had no brace: it may be on this line
        self._lines: dict[str, _Line] = {}  # of the block's items

    def read(self, line: _Line) -> None:
        if "\0" in line.raw:
            raise line.error(
                line.raw.index("\0"),
                "a NUL byte",
                detail="expected text, found a byte of value 0",
                hint="save the file as UTF-8 text",
            )
        start = self._start(line)
        content = line.raw[start:].rstrip(_BLANKS)
        if content == "":
            return
        if content == "{":
            self._open(line, start)
        elif content == "}":
            self._close(line, start)
        elif (header := self._match_header(content)) is not None:
            self._module(line, start, header)
        else:
            self._item(line, start, content)

    def finish(self) -> None:
        if self._comment is not None:
            line, offset = self._comment
            raise line.error(
                offset,
                "the comment is not closed",
                detail="expected */ further down, found the end of the file",
                hint="close the comment with */",
            )
        if self._in_block:
            raise self._unclosed("the end of the file")

    def _start(self, line: _Line) -> int:
        """The offset of the first character that is neither blank nor in a comment."""
        raw, at = line.raw, 0
        while True:
            if self._comment is not None:
                end = raw.find("*/", at)
                if end < 0:
                    return len(raw)
                self._comment, at = None, end + 2
            at += len(raw[at:]) - len(raw[at:].lstrip(_BLANKS))
            if raw.startswith("#", at):
                return len(raw)
            if not raw.startswith("/*", at):
                return at
            self._comment, at = (line, at), at + 2

    def _match_header(self, content: str) -> re.Match[str] | None:
        """The header in a line that starts a module. In a block `module = x` is an item like any
        other, but a line that could only be a header says that the block above was not closed."""
        found = _HEADER.fullmatch(content)
        if found is not None and self._in_block and found["equals"] and not found["brace"]:
            return None
        return found

    def _module(self, line: _Line, start: int, header: re.Match[str]) -> None:
        if self._in_block:
            raise self._unclosed(f"another module in line {line.number}")
        if not header["name"]:
            raise line.error(
                start + header.start("name"),
                "a module without a name",
                detail="expected `module NAME {`, found no name",
                hint="write the name of the module behind `module`",
            )
        if header["rest"]:
            wanted = "the end of the line" if header["brace"] else "{ or the end of the line"
            raise line.error(
                start + header.start("rest"),
                f"something stands behind the opening of the module {header['name']!r}",
                detail=f"expected {wanted}, found {header['rest'][:40]!r}",
                hint="put items, comments and the closing } on lines of their own",
            )
        self._add_module(line, start, header["name"])
        self._in_block, self._may_open = bool(header["brace"]), not header["brace"]

    def _add_module(self, line: _Line, start: int, name: str) -> None:
        self._loads[name] += 1
        label = name if self._loads[name] == 1 else f"{name}#{self._loads[name]}"
        self.modules.append(ModuleSection(name, label, {}, line.number))
        self._header, self._lines = (line, start), {}

    def _open(self, line: _Line, start: int) -> None:
        if not self._may_open:
            raise line.error(
                start,
                "a { that opens nothing",
                detail="expected it behind `module NAME`, once, found it alone",
                hint="take the brace out, or write `module NAME` above it",
            )
        self._in_block, self._may_open = True, False

    def _close(self, line: _Line, start: int) -> None:
        if not self._in_block:
            raise line.error(
                start,
                "a } that closes nothing",
                detail="expected an open block `module NAME {` above, found none",
                hint="take the brace out, or write the { of its module",
            )
        self._in_block = False

    def _item(self, line: _Line, start: int, content: str) -> None:
        self._may_open = False
        before, equals, after = content.partition("=")
        key, value = before.rstrip(_BLANKS), after.lstrip(_BLANKS)
        brace = re.search(r"[{}]", before)
        if brace is not None:
            raise line.error(
                start + brace.start(),
                "a brace in the wrong place",
                detail=f"expected `module NAME {{`, `key = value` or a line that is only }}, "
                f"found {content[:40]!r}",
                hint="only modules have blocks; put a closing } on a line of its own",
            )
        if not equals:
            raise line.error(
                start,
                "neither an item nor a module",
                detail=f"expected `key = value` or `module NAME {{`, found {content[:40]!r}",
                hint="write an = behind the key, or a # before a comment",
            )
        if not key:
            raise line.error(
                start,
                "an item without a key",
                detail="expected `key = value`, found nothing before the =",
                hint="write the key before the =",
            )
        self._add_item(line, start, key, value)

    def _add_item(self, line: _Line, start: int, key: str, value: str) -> None:
        if not self._in_block:
            self.server.append(Item(key, value, line.number))
            return
        section = self.modules[-1]
        if key in section.items:
            raise line.error(
                start,
                f"the item {key!r} is given twice in the module {section.label!r}",
                detail=f"expected one in a block, found a first in line {self._lines[key].number} "
                f"and a second in line {line.number}",
                hint="take one of the two out",
            )
        section.items[key] = value
        self._lines[key] = line

    def _unclosed(self, found: str) -> ConfigError:
        assert self._header is not None
        line, start = self._header
        return line.error(
            start,
            f"the block of the module {self.modules[-1].label!r} is not closed",
            detail=f"expected a line that is only }}, found {found}",
            hint="put a } on a line of its own behind the module's items",
        )
